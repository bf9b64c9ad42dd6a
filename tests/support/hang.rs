//! A machine on which reading hangs, as it does on a network mount without its server: made with the C library's own
//! functions, which a library that is loaded before it replaces.

use std::path::{Path, PathBuf};
use std::process::Command;

use super::process::output;

const SOURCE: &str = r#"
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static int armed(void) { const char *flag = getenv("HANG_WHILE"); return flag && access(flag, F_OK) == 0; }
static void maybe(const char *path) { if (strstr(path, "hanging")) while (armed()) usleep(20000); }

int open64(const char *path, int flags, ...) {
    va_list more; va_start(more, flags); int mode = va_arg(more, int); va_end(more);
    maybe(path);
    int (*real)(const char *, int, ...) = dlsym(RTLD_NEXT, "open64");
    return real(path, flags, mode);
}
int open(const char *path, int flags, ...) {
    va_list more; va_start(more, flags); int mode = va_arg(more, int); va_end(more);
    maybe(path);
    int (*real)(const char *, int, ...) = dlsym(RTLD_NEXT, "open");
    return real(path, flags, mode);
}
int getaddrinfo(const char *node, const char *service, const struct addrinfo *hints, struct addrinfo **found) {
    if (node) maybe(node);
    int (*real)(const char *, const char *, const struct addrinfo *, struct addrinfo **) = dlsym(RTLD_NEXT, "getaddrinfo");
    return real(node, service, hints, found);
}
int socket(int family, int type, int protocol) {
    if (family == AF_INET6 && getenv("NO_IPV6")) { errno = EAFNOSUPPORT; return -1; }
    int (*real)(int, int, int) = dlsym(RTLD_NEXT, "socket");
    return real(family, type, protocol);
}
"#;

/// The library. While a file that `HANG_WHILE` names is there, whatever has `hanging` in its name does not come back:
/// files, and names of hosts. With `NO_IPV6` in the environment there is no IPv6.
pub fn library(directory: &Path) -> PathBuf {
    let (source, made) = (directory.join("hang.c"), directory.join("hang.so"));
    std::fs::write(&source, SOURCE).unwrap();
    output(Command::new("gcc").args(["-shared", "-fPIC", "-o"]).arg(&made).arg(&source).arg("-ldl"));
    made
}
