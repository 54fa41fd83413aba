r"""Reads an equation from the part of TeX's notation that the papers' equations need. No Qt.

    x_{t-1} = \frac{1}{\sqrt{\alpha_t}} \left( x_t - \beta_t \hat\epsilon \right) + \sigma_t z

`@name` stands for a symbol from a list of names; the tree remembers which part came from it.
"""

import re
from collections.abc import Mapping

from ddpm_studio.ui.typesetting.formula import (
    Accent,
    Fence,
    Fraction,
    Mark,
    Named,
    Part,
    Role,
    Root,
    Row,
    Script,
    Space,
    Symbol,
)

_TOKEN = re.compile(r"\\text\{[^}]*\}|\\[A-Za-z]+|\\.|@[A-Za-z0-9]+|\s+|.", re.DOTALL)
_GREEK = {
    "alpha": "α", "beta": "β", "gamma": "γ", "delta": "δ", "epsilon": "ε", "zeta": "ζ", "eta": "η",
    "theta": "θ", "kappa": "κ", "lambda": "λ", "mu": "μ", "nu": "ν", "xi": "ξ", "pi": "π",
    "rho": "ρ", "sigma": "σ", "tau": "τ", "phi": "φ", "chi": "χ", "psi": "ψ", "omega": "ω",
}  # fmt: skip
_UPRIGHT = {
    "N": "𝒩",
    "I": "𝐈",
    "E": "𝔼",
    "0": "𝟎",
    "Sigma": "Σ",
    "infty": "∞",
    "nabla": "∇",
    "partial": "∂",
    "|": "‖",
    "{": "{",
    "}": "}",
}
_OPERATORS = {"sum": "∑", "prod": "∏", "int": "∫"} | {word: word for word in ("log", "exp", "min", "max", "clip")}
_BINARY = {"+": "+", "-": "−", "*": "·", "cdot": "·", "times": "×", "pm": "±"}
_RELATIONS = {"=": "=", "<": "<", ">": ">", "le": "≤", "ge": "≥", "sim": "∼", "approx": "≈", "in": "∈"} | {
    "leftarrow": "←", "to": "→", "propto": "∝", "mid": "|", "ne": "≠", "Vert": "‖",
}  # fmt: skip
_ROLES = {**dict.fromkeys("([", Role.OPEN), **dict.fromkeys(")]", Role.CLOSE), **dict.fromkeys(",;", Role.PUNCTUATION)}
_SPACES = {",": 3 / 18, ":": 4 / 18, ";": 5 / 18, " ": 5 / 18, "quad": 1.0, "qquad": 2.0}
_MARKS = {"hat": Mark.HAT, "bar": Mark.BAR, "tilde": Mark.TILDE}


def parse(markup: str, names: Mapping[str, str] | None = None) -> Row:
    """The tree of an equation.

    Args:
        markup: in the notation above.
        names: what `@name` stands for, in the same notation.

    Raises:
        ValueError: a command or name it does not know, or braces that do not match.
    """
    return _Reader(markup, names or {}).whole()


class _Reader:
    """Reads one string of markup from left to right."""

    def __init__(self, markup: str, names: Mapping[str, str]) -> None:
        self._markup, self._names = markup, names
        self._tokens: list[str] = [token for token in _TOKEN.findall(markup) if token.strip() or token == "\\ "]
        self._at = 0

    def whole(self) -> Row:
        row = self._row(())
        if self._at < len(self._tokens):
            raise ValueError(f"{self._tokens[self._at]!r} closes nothing in {self._markup!r}")
        return row

    def _row(self, ends: tuple[str, ...]) -> Row:
        parts: list[Part] = []
        while self._at < len(self._tokens) and self._tokens[self._at] not in (*ends, "}", "\\right"):
            if (token := self._tokens[self._at]) in "_^":
                parts.append(self._scripted(parts.pop() if parts else Symbol(""), token))
            else:
                parts.append(self._part())
        return Row(tuple(parts))

    def _scripted(self, base: Part, token: str) -> Part:
        self._at += 1
        script = self._part()
        old = base if isinstance(base, Script) else Script(base)
        return Script(old.base, script, old.sup) if token == "_" else Script(old.base, old.sub, script)

    def _part(self) -> Part:
        token = self._next()
        if token == "{":
            return self._closed("}")
        if token.startswith("\\text{"):
            return Symbol(token[len("\\text{") : -1])
        if token.startswith("@"):
            return self._named(token[1:])
        if token.startswith("\\"):
            return self._command(token[1:])
        return _sign(token)

    def _command(self, name: str) -> Part:
        if name == "frac":
            return Fraction(self._part(), self._part())
        if name == "sqrt":
            return Root(self._part())
        if name in _MARKS:
            return Accent(self._part(), _MARKS[name])
        if name == "left":
            left, body = self._next(), self._closed("\\right")
            return Fence(_fence(left), body, _fence(self._next()))
        return _word(name, self._markup)

    def _named(self, name: str) -> Named:
        if name not in self._names:
            raise ValueError(f"@{name} in {self._markup!r} is not one of {', '.join(self._names)}")
        row = parse(self._names[name], self._names)
        return Named(name, row.parts[0] if len(row.parts) == 1 else row)

    def _closed(self, end: str) -> Row:
        row = self._row((end,))
        if self._next() != end:
            raise ValueError(f"{end!r} is missing in {self._markup!r}")
        return row

    def _next(self) -> str:
        if self._at == len(self._tokens):
            raise ValueError(f"{self._markup!r} ends too early")
        self._at += 1
        return self._tokens[self._at - 1]


def _sign(token: str) -> Symbol:
    if token in _BINARY:
        return Symbol(_BINARY[token], Role.BINARY)
    if token in _RELATIONS:
        return Symbol(_RELATIONS[token], Role.RELATION)
    return Symbol(token, _ROLES.get(token, Role.ORDINARY), italic=token.isalpha())


def _word(name: str, markup: str) -> Part:
    if (letter := _GREEK.get(name)) is not None:
        return Symbol(letter, italic=True)
    if name in _SPACES:
        return Space(_SPACES[name])
    if name in _UPRIGHT:
        return Symbol(_UPRIGHT[name])
    if name in _BINARY:
        return Symbol(_BINARY[name], Role.BINARY)
    if name in _RELATIONS:
        return Symbol(_RELATIONS[name], Role.RELATION)
    if name in _OPERATORS:
        return Symbol(_OPERATORS[name], Role.OPERATOR)
    if name in ("dots", "ldots"):
        return Symbol("…")
    raise ValueError(f"\\{name} in {markup!r} is not known here")


def _fence(token: str) -> str:
    return {"\\|": "‖", ".": ""}.get(token, token)
