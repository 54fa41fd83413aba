"""The window around the panels: docks, menus, workspaces, messages, what is opened."""
