"""What a plugin's code reaches for: private modules, the network, programs, code from data."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import cache
from importlib import import_module

from .findings import PUBLIC, Finding, finding, names
from .sources import IMPORTERS, Module, Sources, absolute

NETWORK = names(
    "socket ssl socketserver http.client http.server urllib.request urllib.robotparser"
    " urllib3 requests httpx httpcore aiohttp smtplib ftplib imaplib poplib nntplib telnetlib"
    " xmlrpc websocket websockets paramiko pycurl boto3 botocore grpc dns redis pika kafka"
    " ldap ldap3 asyncio.open_connection asyncio.start_server webbrowser aiosmtplib treq"
    " twisted tornado requests_html mechanize cloudscraper suds zeep wsgiref.simple_server"
)
PROGRAMS = names(
    "subprocess pty pexpect plumbum sh commands popen2 multiprocessing ctypes cffi"
    " concurrent.futures.ProcessPoolExecutor asyncio.create_subprocess_exec"
    " asyncio.create_subprocess_shell asyncio.subprocess os.system os.popen os.fork os.forkpty"
    " os.startfile os.posix_spawn os.posix_spawnp os.kill os.killpg posix.system os._exit"
)
PROGRAM_STARTS = ("os.exec", "os.spawn")
OBJECTS = names(
    "pickle cPickle _pickle pickletools marshal shelve dill cloudpickle joblib jsonpickle"
    " pandas.read_pickle yaml.unsafe_load yaml.unsafe_load_all yaml.UnsafeLoader yaml.Loader"
    " yaml.FullLoader yaml.full_load sqlalchemy.PickleType sqlalchemy.types.PickleType"
    " sqlalchemy.ext.serializer"
)
YAML = frozenset({"yaml.load", "yaml.load_all"})
SAFE_LOADERS = frozenset({"SafeLoader", "CSafeLoader", "BaseLoader"})
CODE = names(
    "eval exec compile __builtins__ builtins.eval builtins.exec builtins.compile code codeop runpy"
    " imp flask.render_template_string flask.templating.render_template_string jinja2.Template"
    " importlib.machinery importlib.util.spec_from_file_location"
    " importlib.util.module_from_spec types.FunctionType types.CodeType"
)
KINDS = {
    "network": (NETWORK, "talks to the network: {name}"),
    "subprocess": (PROGRAMS, "starts or ends other programs: {name}"),
    "pickle": (OBJECTS, "reads objects from bytes: {name}"),
    "eval": (CODE, "runs code that is not in its files: {name}"),
}
# Of a function or a frame: from there everything of the module behind it can be had.
BEHIND = names("__globals__ __closure__ __subclasses__ f_globals f_locals f_back gi_frame")
SETTING = frozenset({"setattr", "delattr", "builtins.setattr", "builtins.delattr"})


def findings(sources: Sources) -> Iterator[Finding]:
    """Yield everything the code reaches for that it should not."""
    for module in sources.modules:
        yield from dangers(module)
        yield from _private(module)


def dangers(module: Module) -> Iterator[Finding]:
    """Yield what an administrator should know of: network, programs, objects, code from data.

    A line is named once for each kind, however often it speaks of it.
    """
    seen: set[tuple[str, int]] = set()
    for node in module.nodes:
        for rule, what in _dangers_of(module, node):
            key = (rule, getattr(node, "lineno", 0))
            if key not in seen:
                seen.add(key)
                yield finding(rule, module.at(node), what)


def _dangers_of(module: Module, node: ast.AST) -> Iterator[tuple[str, str]]:
    names: list[str] = []
    if isinstance(node, ast.Import):
        names = [alias.name for alias in node.names]
    elif isinstance(node, ast.ImportFrom):
        base = absolute(module, node)
        names = [f"{base}.{alias.name}" for alias in node.names]
    elif isinstance(node, (ast.Name, ast.Attribute, ast.Call, ast.Subscript)):
        names = [module.dotted(node)]
        if isinstance(node, ast.Subscript) and module.dotted(node.value) == "sys.modules":
            if module.text_of(node.slice) is None and isinstance(node.ctx, ast.Load):
                yield "eval", "imports what only its data names: sys.modules"
    for name in names:
        for rule, (known, words) in KINDS.items():
            if _begins(name, known) or (rule == "subprocess" and name.startswith(PROGRAM_STARTS)):
                yield rule, words.format(name=name.rstrip("()"))
    if isinstance(node, ast.Call):
        yield from _odd_calls(module, node)


def _begins(name: str, known: frozenset[str]) -> bool:
    """Tell whether a name is one of ``known``, or lies in one of these modules."""
    parts = name.split(".")
    return any(".".join(parts[:n]) in known for n in range(1, len(parts) + 1))


def _odd_calls(module: Module, node: ast.Call) -> Iterator[tuple[str, str]]:
    called = module.dotted(node.func)
    if called in YAML and not _loads_safely(module, node):
        yield "pickle", f"reads objects from bytes: {called}() without SafeLoader"
    if called in IMPORTERS and module.text_of(node.args[0] if node.args else None) is None:
        yield "eval", f"imports what only its data names: {called}()"
    if called.endswith((".from_string", ".render_template_string")):
        yield "eval", f"makes a template of text: {called.rpartition('.')[2]}()"
    allows = [k for k in node.keywords if k.arg == "allow_pickle"]
    if any(not isinstance(k.value, ast.Constant) or k.value.value for k in allows):
        yield "pickle", "reads objects from bytes: allow_pickle"


def _loads_safely(module: Module, node: ast.Call) -> bool:
    given = [*node.args[1:2], *(k.value for k in node.keywords if k.arg == "Loader")]
    return any(module.dotted(value).rpartition(".")[2] in SAFE_LOADERS for value in given)


def _private(module: Module) -> Iterator[Finding]:
    """Yield imports of the portal's private modules."""
    for node in module.nodes:
        names: list[str] = []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and not node.level and node.module:
            whole = node.module == "portal"
            names = [f"portal.{a.name}" for a in node.names] if whole else [node.module]
        elif isinstance(node, ast.Call) and module.dotted(node.func) in IMPORTERS:
            names = [module.text_of(node.args[0] if node.args else None) or ""]
        for name in names:
            if name.split(".")[0] == "portal" and name not in PUBLIC:
                yield finding(
                    "private-import", module.at(node), f"imports {name}, which is private"
                )
        for what in _behind(module, node):
            yield finding("private-import", module.at(node), what)


def _behind(module: Module, node: ast.AST) -> Iterator[str]:
    """Yield what of a statement reaches behind the public modules, or changes them."""
    if isinstance(node, ast.ImportFrom) and node.module in PUBLIC and not node.level:
        for alias in node.names:
            if alias.name != "*" and alias.name not in _public_names(node.module):
                yield f"imports {node.module}.{alias.name}, which is not public"
    elif isinstance(node, ast.Attribute) and node.attr in BEHIND:
        yield f"reaches behind what is public: {node.attr}"
    elif isinstance(node, ast.Attribute):
        of = module.dotted(node.value)
        if isinstance(node.ctx, (ast.Store, ast.Del)) and of.partition(".")[0] == "portal":
            yield f"changes {of}.{node.attr}, which every other plugin uses"
        elif of in PUBLIC and node.attr not in _public_names(of):
            yield f"uses {of}.{node.attr}, which is not public"
    elif isinstance(node, ast.Subscript) and module.dotted(node).partition(".")[0] == "portal":
        if module.dotted(node.value) == "sys.modules" and module.dotted(node) not in PUBLIC:
            yield f"reaches for {module.dotted(node)}, which is private"
    elif isinstance(node, ast.Call) and module.dotted(node.func) in SETTING and node.args:
        of = module.dotted(node.args[0])
        if of.partition(".")[0] == "portal":
            yield f"changes {of}, which every other plugin uses"


@cache
def _public_names(module: str) -> frozenset[str]:
    """Return what one of the portal's public modules offers."""
    return frozenset(import_module(module).__all__)
