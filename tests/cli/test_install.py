#!/usr/bin/env python3
"""What `make install` puts under a prefix is enough for others: examples/quickstart.c built against it with pkg-config and with CMake, as C and
headers as C++; only psh_ symbols are seen; man page and completion are sound."""
import os
import pathlib
import re
import shutil
import subprocess

import harness

SOURCE = pathlib.Path(os.environ.get("PSH_SOURCE_DIR", pathlib.Path(__file__).resolve().parents[2]))
BUILD = pathlib.Path(harness.TOOL).resolve().parent
PREFIX = None
STRICT = ["-Wall", "-Wextra", "-pedantic", "-Werror"]


def call(*words, cwd=None, env=None):
    done = subprocess.run([str(w) for w in words], cwd=cwd, env={**os.environ, **(env or {})}, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, f"{' '.join(map(str, words))}\n{done.stdout}\n{done.stderr}"
    return done.stdout


def needed(program, package):
    if not shutil.which(program):
        raise harness.Skip(f"{program} is missing (Debian package {package})")
    return program


def prefix(scratch):
    """The install tree, made once, under a folder that none of the build knows. A sanitized library fits no plain program."""
    global PREFIX
    if "PSH_SANITIZE:STRING=\n" not in (BUILD / "CMakeCache.txt").read_text():
        raise harness.Skip("the build is sanitized; an ordinary program cannot link to it")
    if PREFIX is None:
        PREFIX = pathlib.Path(harness.tempfile.mkdtemp(dir=harness.SCRATCH)) / "pre fix"
        call("cmake", "--install", BUILD, "--prefix", PREFIX)
    return PREFIX


def library_folder(scratch):
    return next(prefix(scratch).rglob("libpersihash.so")).parent


def images(folder):
    """Five grey pictures of one to five bright squares each."""
    folder.mkdir()
    for k in range(1, 6):
        pixels = bytearray(32 * 32)
        for s in range(k):
            for y in range(4):
                for x in range(4):
                    pixels[(3 + 5 * s + y) * 32 + 3 + 5 * s + x] = 100 + 30 * s
        (folder / f"{k}.pgm").write_bytes(b"P5 32 32 255\n" + bytes(pixels))
    return folder


def check_quickstart(program, scratch):
    text = call(program, images(scratch / "images"), env={"LD_LIBRARY_PATH": str(library_folder(scratch))})
    assert re.fullmatch(r"5 images; nearest to .*1\.pgm is .*\.pgm, \d+ of 64 bits away\n", text), text


def quickstart_builds_with_pkg_config(scratch):
    needed("pkg-config", "pkg-config")
    env = {"PKG_CONFIG_PATH": str(library_folder(scratch) / "pkgconfig")}
    flags = call("sh", "-c", "eval printf '%s\\\\n' $(pkg-config --cflags --libs persihash)", env=env).splitlines()
    call("cc", "-std=c11", *STRICT, SOURCE / "examples/quickstart.c", *flags, "-o", scratch / "quickstart")
    check_quickstart(scratch / "quickstart", scratch)
    assert call("pkg-config", "--modversion", "persihash", env=env) == harness.run("--version")[0].split()[1] + "\n"


def quickstart_builds_with_cmake(scratch):
    shutil.copy(SOURCE / "examples/quickstart.c", scratch)
    (scratch / "CMakeLists.txt").write_text("cmake_minimum_required(VERSION 3.25)\nproject(quickstart C)\nfind_package(persihash 0.1 REQUIRED)\n"
                                            "add_executable(quickstart quickstart.c)\ntarget_link_libraries(quickstart persihash::persihash)\n")
    call("cmake", "-S", scratch, "-B", scratch / "build", f"-DCMAKE_PREFIX_PATH={prefix(scratch)}")
    call("cmake", "--build", scratch / "build")
    check_quickstart(scratch / "build" / "quickstart", scratch)


def each_header_compiles_alone_as_c_and_cpp(scratch):
    headers = sorted((prefix(scratch) / "include/persihash").glob("*.h"))
    assert len(headers) > 10
    for header in headers:
        for compiler, language in (("cc", "-std=c99"), ("c++", "-std=c++17")):
            if compiler == "c++":
                if not shutil.which("c++"):
                    continue
            unit = scratch / f"unit.{'c' if compiler == 'cc' else 'cpp'}"
            unit.write_text(f"#include <persihash/{header.name}>\nint main(void) {{ return 0; }}\n".replace("(void)", "()" if compiler == "c++" else "(void)"))
            call(compiler, language, *STRICT, "-fsyntax-only", f"-I{prefix(scratch) / 'include'}", unit)


def a_cpp_program_links(scratch):
    needed("c++", "g++")
    folder = library_folder(scratch)
    (scratch / "version.cpp").write_text('#include <persihash/persihash.h>\n#include <cstdio>\nint main() { std::puts(psh_version()); }\n')
    call("c++", "-std=c++17", *STRICT, f"-I{prefix(scratch) / 'include'}", scratch / "version.cpp", f"-L{folder}", "-lpersihash", "-o", scratch / "version")
    assert call(scratch / "version", env={"LD_LIBRARY_PATH": str(folder)}).strip() in harness.run("--version")[0]


def symbols(path, *options):
    lines = call("nm", *options, "--defined-only", path).splitlines()
    return {line.split()[-1] for line in lines if len(line.split()) == 3 and line.split()[1] in "TDBRVW"}


def the_shared_library_exports_the_headers_and_nothing_else(scratch):
    found = symbols(library_folder(scratch) / "libpersihash.so", "-D")
    headers = "".join(path.read_text() for path in (prefix(scratch) / "include/persihash").glob("*.h"))
    promised = set(re.findall(r"^PSH_API [^;(]*?\b(psh_\w+)\(", headers, re.M))
    assert len(promised) > 50
    assert found == promised, f"not promised: {sorted(found - promised)}; missing: {sorted(promised - found)}"


def the_static_library_defines_only_psh_names(scratch):
    found = symbols(library_folder(scratch) / "libpersihash.a", "-g")
    strangers = sorted(name for name in found if not name.startswith("psh_"))
    assert found and not strangers, strangers


def man_page_is_sound(scratch):
    page = prefix(scratch) / "share/man/man1/persihash.1"
    text = page.read_text()
    for part in ("NAME", "SYNOPSIS", "EXIT STATUS"):
        assert part in text, part
    if not shutil.which("mandoc") and not shutil.which("man"):
        raise harness.Skip("neither mandoc nor man is installed; the page was only looked through")
    if shutil.which("mandoc"):
        call("mandoc", "-Tlint", "-Wwarning", page)
    else:
        done = subprocess.run(["man", "-l", "--warnings", page], capture_output=True, text=True, env={**os.environ, "MANWIDTH": "100"})
        assert done.returncode == 0 and not done.stderr, done.stderr


def complete(script, *words):
    """What bash would offer for the last word."""
    quoted = " ".join(f"'{w}'" for w in words)
    code = (f"source '{script}'; COMP_WORDS=({quoted}); COMP_CWORD={len(words) - 1}; COMP_LINE=\"${{COMP_WORDS[*]}}\"; COMP_POINT=${{#COMP_LINE}}; "
            "entry=$(complete -p persihash); f=${entry##*-F }; f=${f%% *}; \"$f\" persihash \"${COMP_WORDS[COMP_CWORD]}\" \"${COMP_WORDS[COMP_CWORD-1]}\"; "
            "printf '%s\\n' \"${COMPREPLY[@]}\"")
    return {word.strip() for word in call("bash", "--norc", "-c", code).splitlines()}


def completion_offers_commands_and_options(scratch):
    script = prefix(scratch) / "share/bash-completion/completions/persihash"
    call("bash", "-n", script)
    assert {"cluster", "convert"} <= complete(script, "persihash", "c"), complete(script, "persihash", "c")
    assert "diagram" not in complete(script, "persihash", "c")
    assert "--bits" in complete(script, "persihash", "encode", "--b")


TESTS = [quickstart_builds_with_pkg_config, quickstart_builds_with_cmake, each_header_compiles_alone_as_c_and_cpp, a_cpp_program_links,
         the_shared_library_exports_the_headers_and_nothing_else, the_static_library_defines_only_psh_names, man_page_is_sound, completion_offers_commands_and_options]

try:
    harness.main(TESTS)
finally:
    if PREFIX:
        shutil.rmtree(PREFIX.parent)
