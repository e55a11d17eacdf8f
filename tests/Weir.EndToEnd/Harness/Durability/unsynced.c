/* A disk that forgets: loaded into a program with LD_PRELOAD, it keeps beside the program's directory a second one that holds only what
   was synced. To crash, kill the program and put the second directory in the place of the first.

     UNSYNCED_ROOT     the directory that is watched, named as the program names it
     UNSYNCED_SHADOW   what a crash leaves: UNSYNCED_SHADOW/tree; made from the root when it is not there
     UNSYNCED_ENTRIES  "immediate": names last at once and only contents wait for their fsync, as a journal of metadata may do;
                       otherwise names wait for the fsync of their directory (fsync(2): "a call to fsync() does not necessarily ensure
                       that the entry in the directory containing the file has also reached disk")
     UNSYNCED_IGNORE   set: syncs do nothing, as a disk does that lies; to prove that something is lost then

   Contents are kept by inode (shadow/inodes/N), names are hard links to them (shadow/tree). Files called *-shm are left out: SQLite maps
   them into memory and makes them anew. Renaming whole directories is not supported and ends the program. */
#define _GNU_SOURCE
#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <limits.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <unistd.h>

#define MAX_FILES 65536
#define REAL(name) ((__typeof__(real_##name))resolve((void **)&real_##name, #name))
#define DECLARE(result, name, ...) static result (*real_##name)(__VA_ARGS__)

static void *real_dlsym(void *library, const char *name) {
  static void *(*known)(void *, const char *);
  if (!known && !(known = dlvsym(RTLD_NEXT, "dlsym", "GLIBC_2.34"))) known = dlvsym(RTLD_NEXT, "dlsym", "GLIBC_2.2.5");
  return known(library, name);
}

static void *resolve(void **known, const char *name) { return *known ? *known : (*known = real_dlsym(RTLD_NEXT, name)); }

DECLARE(int, open64, const char *, int, ...);
DECLARE(int, openat64, int, const char *, int, ...);
DECLARE(int, close, int);
DECLARE(ssize_t, write, int, const void *, size_t);
DECLARE(ssize_t, pwrite64, int, const void *, size_t, off_t);
DECLARE(ssize_t, writev, int, const struct iovec *, int);
DECLARE(ssize_t, pwritev64, int, const struct iovec *, int, off_t);
DECLARE(int, ftruncate64, int, off_t);
DECLARE(int, posix_fallocate64, int, off_t, off_t);
DECLARE(int, fallocate64, int, int, off_t, off_t);
DECLARE(ssize_t, copy_file_range, int, off_t *, int, off_t *, size_t, unsigned);
DECLARE(ssize_t, sendfile64, int, int, off_t *, size_t);
DECLARE(int, rename, const char *, const char *);
DECLARE(int, link, const char *, const char *);
DECLARE(int, unlink, const char *);
DECLARE(int, mkdir, const char *, mode_t);
DECLARE(int, rmdir, const char *);
DECLARE(int, fsync, int);
DECLARE(int, fdatasync, int);

typedef struct { off_t from, to; } range;
typedef struct { bool used; ino_t number; range *dirty; size_t count, room; } inode;
typedef struct { bool tracked; ino_t number; } descriptor;
typedef enum { ADD, REMOVE, ADD_DIRECTORY, REMOVE_DIRECTORY } change;
typedef struct entry { change what; bool synced; ino_t number; char path[PATH_MAX]; struct entry *next; } entry;

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static char root[PATH_MAX], shadow[PATH_MAX - 64];
static size_t root_length;
static bool active, immediate, lying;
static descriptor descriptors[MAX_FILES];
static inode inodes[MAX_FILES];
static entry *first, **last = &first;

static void give_up(const char *why, const char *path) {
  fprintf(stderr, "unsynced: %s: %s (%s)\n", why, path, strerror(errno));
  abort();
}

static void inode_path(char *out, ino_t number) { snprintf(out, PATH_MAX, "%s/inodes/%lu", shadow, (unsigned long)number); }

/* The shadow's name for a path below the root. */
static void tree_path(char *out, const char *path) { snprintf(out, PATH_MAX, "%s/tree%s", shadow, path + root_length); }

static bool inside(const char *path) {
  size_t length = strlen(path);
  return active && length > root_length + 1 && strncmp(path, root, root_length) == 0 && path[root_length] == '/'
    && !(length > 4 && strcmp(path + length - 4, "-shm") == 0);
}

static inode *inode_of(ino_t number) {
  for (size_t i = 0, at = number % MAX_FILES; i < MAX_FILES; i++, at = (at + 1) % MAX_FILES)
    if (!inodes[at].used || inodes[at].number == number) {
      inodes[at].used = true;
      inodes[at].number = number;
      return &inodes[at];
    }
  give_up("too many files", root);
  return NULL;
}

static void mark(ino_t number, off_t from, off_t to) {
  inode *of = inode_of(number);
  if (to <= from) return;
  if (of->count > 0 && of->dirty[of->count - 1].from <= from && from <= of->dirty[of->count - 1].to) {
    if (to > of->dirty[of->count - 1].to) of->dirty[of->count - 1].to = to;
    return;
  }
  if (of->count == of->room) {
    of->room = of->room ? 2 * of->room : 16;
    if (!(of->dirty = realloc(of->dirty, of->room * sizeof(range)))) give_up("out of memory", root);
  }
  of->dirty[of->count++] = (range){from, to};
}

/* ---- what a crash leaves ---- */

static void copy(int from, int to, off_t at, off_t end) {
  char buffer[1 << 16];
  while (at < end) {
    ssize_t got = pread(from, buffer, end - at < (off_t)sizeof buffer ? (size_t)(end - at) : sizeof buffer, at);
    if (got <= 0 || REAL(pwrite64)(to, buffer, (size_t)got, at) != got) give_up("copying", shadow);
    at += got;
  }
}

static void sync_contents(int fd, const struct stat *now) {
  char path[PATH_MAX];
  inode *of = inode_of(now->st_ino);
  inode_path(path, now->st_ino);
  int to = REAL(open64)(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (to < 0) give_up("the shadow of a file", path);
  /* Through the program's own descriptor where it can be read: closing another one of the same file would drop the program's fcntl locks. */
  int from = fd;
  if ((fcntl(fd, F_GETFL) & O_ACCMODE) == O_WRONLY) {
    snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    if ((from = REAL(open64)(path, O_RDONLY | O_CLOEXEC)) < 0) give_up("reading back", path);
  }
  if (REAL(ftruncate64)(to, now->st_size) != 0) give_up("the length of a file", path);
  for (size_t i = 0; i < of->count; i++) copy(from, to, of->dirty[i].from, of->dirty[i].to < now->st_size ? of->dirty[i].to : now->st_size);
  of->count = 0;
  if (from != fd) REAL(close)(from);
  REAL(close)(to);
}

static bool apply_one(const entry *e) {
  char target[PATH_MAX], contents[PATH_MAX], parent[PATH_MAX];
  struct stat found;
  tree_path(target, e->path);
  strcpy(parent, target);
  *strrchr(parent, '/') = 0;
  if (stat(parent, &found) != 0) return false; /* A name in a directory whose own name does not last yet. */
  switch (e->what) {
    case ADD:
      inode_path(contents, e->number);
      int made = REAL(open64)(contents, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
      if (made < 0) give_up("the shadow of a file", contents);
      REAL(close)(made);
      REAL(unlink)(target);
      if (REAL(link)(contents, target) != 0) give_up("a name in the shadow", target);
      break;
    case REMOVE: REAL(unlink)(target); break;
    case ADD_DIRECTORY: REAL(mkdir)(target, 0700); break;
    case REMOVE_DIRECTORY: REAL(rmdir)(target); break;
  }
  return true;
}

static void apply(void) {
  for (bool again = true; again;) {
    again = false;
    for (entry **at = &first; *at;) {
      entry *e = *at;
      if (e->synced && apply_one(e)) {
        *at = e->next;
        if (last == &e->next) last = at;
        free(e);
        again = true;
      } else at = &e->next;
    }
  }
}

static void pend(change what, const char *path, ino_t number) {
  entry *e = calloc(1, sizeof *e);
  if (!e) give_up("out of memory", path);
  e->what = what;
  e->number = number;
  e->synced = immediate;
  snprintf(e->path, sizeof e->path, "%s", path);
  *last = e;
  last = &e->next;
  if (immediate) apply();
}

static void sync_directory(const char *path) {
  size_t length = strlen(path);
  for (entry *e = first; e; e = e->next)
    if (strncmp(e->path, path, length) == 0 && e->path[length] == '/' && !strchr(e->path + length + 1, '/')) e->synced = true;
  apply();
}

static void synced(int fd) {
  struct stat now;
  if (!active || lying || fstat(fd, &now) != 0) return;
  pthread_mutex_lock(&lock);
  if (S_ISDIR(now.st_mode)) {
    char link[64], path[PATH_MAX];
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t length = readlink(link, path, sizeof path - 1);
    if (length > 0) {
      path[length] = 0;
      if (inside(path) || strcmp(path, root) == 0) sync_directory(path);
    }
  } else if (fd < MAX_FILES && descriptors[fd].tracked) sync_contents(fd, &now);
  pthread_mutex_unlock(&lock);
}

static int begin_with(const char *path, const struct stat *found, int kind, struct FTW *where) {
  (void)where;
  char target[PATH_MAX], contents[PATH_MAX];
  size_t length = strlen(path);
  if (length <= root_length || (length > 4 && strcmp(path + length - 4, "-shm") == 0)) return 0;
  tree_path(target, path);
  if (kind == FTW_D) return REAL(mkdir)(target, 0700);
  inode_path(contents, found->st_ino);
  int from = REAL(open64)(path, O_RDONLY | O_CLOEXEC), to = REAL(open64)(contents, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (from < 0 || to < 0) give_up("what is there already", path);
  copy(from, to, 0, found->st_size);
  REAL(close)(from);
  REAL(close)(to);
  return REAL(link)(contents, target);
}

__attribute__((constructor)) static void begin(void) {
  const char *watched = getenv("UNSYNCED_ROOT"), *kept = getenv("UNSYNCED_SHADOW"), *entries = getenv("UNSYNCED_ENTRIES");
  if (!watched || !kept) return;
  snprintf(root, sizeof root, "%s", watched);
  snprintf(shadow, sizeof shadow, "%s", kept);
  root_length = strlen(root);
  immediate = entries && strcmp(entries, "immediate") == 0;
  lying = getenv("UNSYNCED_IGNORE") != NULL;
  char path[PATH_MAX];
  if (REAL(mkdir)(shadow, 0700) == 0) {
    snprintf(path, sizeof path, "%s/inodes", shadow);
    REAL(mkdir)(path, 0700);
    snprintf(path, sizeof path, "%s/tree", shadow);
    REAL(mkdir)(path, 0700);
    if (nftw(root, begin_with, 16, FTW_PHYS) != 0) give_up("what is there already", root);
  }
  active = true;
}

/* ---- what the program calls ---- */

static int opened(int fd, const char *path, int flags, bool was_there, off_t old_length) {
  struct stat now;
  if (fd < 0 || fd >= MAX_FILES || fstat(fd, &now) != 0 || !S_ISREG(now.st_mode)) return fd;
  if (!was_there) {
    /* The number may have been another file's before. */
    char contents[PATH_MAX];
    inode_path(contents, now.st_ino);
    REAL(unlink)(contents);
    inode_of(now.st_ino)->count = 0;
    pend(ADD, path, now.st_ino);
  } else if (flags & O_TRUNC) mark(now.st_ino, 0, old_length);
  descriptors[fd] = (descriptor){true, now.st_ino};
  return fd;
}

static int open_path(const char *path, int flags, mode_t mode) {
  if (!inside(path)) return REAL(open64)(path, flags, mode);
  struct stat before;
  pthread_mutex_lock(&lock);
  bool was_there = stat(path, &before) == 0;
  int fd = opened(REAL(open64)(path, flags, mode), path, flags, was_there, was_there ? before.st_size : 0);
  int fault = errno;
  pthread_mutex_unlock(&lock);
  errno = fault;
  return fd;
}

#define MODE(flags, after) mode_t mode = 0; if ((flags) & (O_CREAT | __O_TMPFILE)) { va_list rest; va_start(rest, after); mode = va_arg(rest, mode_t); va_end(rest); }

int open64(const char *path, int flags, ...) { MODE(flags, flags) return open_path(path, flags, mode); }
int open(const char *path, int flags, ...) { MODE(flags, flags) return open_path(path, flags, mode); }
int openat64(int at, const char *path, int flags, ...) { MODE(flags, flags) return path[0] == '/' ? open_path(path, flags, mode) : REAL(openat64)(at, path, flags, mode); }
int openat(int at, const char *path, int flags, ...) { MODE(flags, flags) return path[0] == '/' ? open_path(path, flags, mode) : REAL(openat64)(at, path, flags, mode); }
int creat(const char *path, mode_t mode) { return open_path(path, O_WRONLY | O_CREAT | O_TRUNC, mode); }
int creat64(const char *path, mode_t mode) { return open_path(path, O_WRONLY | O_CREAT | O_TRUNC, mode); }

int close(int fd) {
  if (fd >= 0 && fd < MAX_FILES && descriptors[fd].tracked) {
    pthread_mutex_lock(&lock);
    descriptors[fd].tracked = false;
    pthread_mutex_unlock(&lock);
  }
  return REAL(close)(fd);
}

static bool tracked(int fd) { return active && fd >= 0 && fd < MAX_FILES && descriptors[fd].tracked; }

/* A write and the note of it are one step, so that no sync comes between them. */
#define NOTED(call, from, length) \
  pthread_mutex_lock(&lock); \
  ssize_t done = call; \
  int fault = errno; \
  if (done > 0) { off_t start = (from); mark(descriptors[fd].number, start, start + (length)); } \
  pthread_mutex_unlock(&lock); \
  errno = fault; \
  return done;

ssize_t write(int fd, const void *data, size_t size) {
  if (!tracked(fd)) return REAL(write)(fd, data, size);
  NOTED(REAL(write)(fd, data, size), lseek(fd, 0, SEEK_CUR) - done, done)
}

ssize_t writev(int fd, const struct iovec *parts, int count) {
  if (!tracked(fd)) return REAL(writev)(fd, parts, count);
  NOTED(REAL(writev)(fd, parts, count), lseek(fd, 0, SEEK_CUR) - done, done)
}

ssize_t pwrite64(int fd, const void *data, size_t size, off_t at) {
  if (!tracked(fd)) return REAL(pwrite64)(fd, data, size, at);
  NOTED(REAL(pwrite64)(fd, data, size, at), at, done)
}
ssize_t pwrite(int fd, const void *data, size_t size, off_t at) { return pwrite64(fd, data, size, at); }

ssize_t pwritev64(int fd, const struct iovec *parts, int count, off_t at) {
  if (!tracked(fd)) return REAL(pwritev64)(fd, parts, count, at);
  NOTED(REAL(pwritev64)(fd, parts, count, at), at, done)
}
ssize_t pwritev(int fd, const struct iovec *parts, int count, off_t at) { return pwritev64(fd, parts, count, at); }

ssize_t copy_file_range(int from, off_t *from_at, int fd, off_t *at, size_t size, unsigned flags) {
  if (!tracked(fd)) return REAL(copy_file_range)(from, from_at, fd, at, size, flags);
  NOTED(REAL(copy_file_range)(from, from_at, fd, at, size, flags), 0, LONG_MAX / 2)
}

ssize_t sendfile64(int fd, int from, off_t *at, size_t size) {
  if (!tracked(fd)) return REAL(sendfile64)(fd, from, at, size);
  NOTED(REAL(sendfile64)(fd, from, at, size), 0, LONG_MAX / 2)
}
ssize_t sendfile(int fd, int from, off_t *at, size_t size) { return sendfile64(fd, from, at, size); }

int ftruncate64(int fd, off_t length) {
  if (!tracked(fd)) return REAL(ftruncate64)(fd, length);
  struct stat before;
  pthread_mutex_lock(&lock);
  int found = fstat(fd, &before), done = REAL(ftruncate64)(fd, length), fault = errno;
  /* What was cut off and comes back comes back as zeros. */
  if (done == 0 && found == 0) mark(descriptors[fd].number, length, before.st_size);
  pthread_mutex_unlock(&lock);
  errno = fault;
  return done;
}
int ftruncate(int fd, off_t length) { return ftruncate64(fd, length); }

/* New room is zeros, which the shadow has by its length. */
int posix_fallocate64(int fd, off_t at, off_t size) { return REAL(posix_fallocate64)(fd, at, size); }
int fallocate64(int fd, int mode, off_t at, off_t size) { return REAL(fallocate64)(fd, mode, at, size); }

int fsync(int fd) {
  synced(fd);
  return active ? 0 : REAL(fsync)(fd);
}

int fdatasync(int fd) {
  synced(fd);
  return active ? 0 : REAL(fdatasync)(fd);
}

static int renamed(const char *from, const char *to) {
  struct stat moved;
  pthread_mutex_lock(&lock);
  bool found = stat(from, &moved) == 0;
  if (found && S_ISDIR(moved.st_mode)) give_up("a whole directory is renamed", from);
  int done = REAL(rename)(from, to), fault = errno;
  if (done == 0 && found) {
    if (inside(to)) pend(ADD, to, moved.st_ino);
    if (inside(from)) pend(REMOVE, from, 0);
  }
  pthread_mutex_unlock(&lock);
  errno = fault;
  return done;
}

int rename(const char *from, const char *to) { return inside(from) || inside(to) ? renamed(from, to) : REAL(rename)(from, to); }

int link(const char *from, const char *to) {
  if (!inside(to)) return REAL(link)(from, to);
  struct stat linked;
  pthread_mutex_lock(&lock);
  int done = REAL(link)(from, to), fault = errno;
  if (done == 0 && stat(to, &linked) == 0) pend(ADD, to, linked.st_ino);
  pthread_mutex_unlock(&lock);
  errno = fault;
  return done;
}

#define NAMED(call, what) \
  if (!inside(path)) return call; \
  pthread_mutex_lock(&lock); \
  int done = call, fault = errno; \
  if (done == 0) pend(what, path, 0); \
  pthread_mutex_unlock(&lock); \
  errno = fault; \
  return done;

int unlink(const char *path) { NAMED(REAL(unlink)(path), REMOVE) }
int mkdir(const char *path, mode_t mode) { NAMED(REAL(mkdir)(path, mode), ADD_DIRECTORY) }
int rmdir(const char *path) { NAMED(REAL(rmdir)(path), REMOVE_DIRECTORY) }

/* .NET finds the functions of libc that a program imports by asking the library itself, past this one. */
void *dlsym(void *library, const char *name) {
  static const struct { const char *name; void *function; } ours[] = {
    {"open", open}, {"open64", open64}, {"close", close}, {"fsync", fsync}, {"fdatasync", fdatasync}, {"rename", rename}, {"unlink", unlink}, {"mkdir", mkdir}, {"rmdir", rmdir},
  };
  if (active && library != RTLD_NEXT)
    for (size_t i = 0; i < sizeof ours / sizeof *ours; i++)
      if (strcmp(ours[i].name, name) == 0) return ours[i].function;
  return real_dlsym(library, name);
}
