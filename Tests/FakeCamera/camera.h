// What the preloaded calls (preload.c) ask of the fake camera (camera.c).
#include <dlfcn.h>
#include <fcntl.h>
#include <linux/videodev2.h>
#include <pthread.h>
#include <stdbool.h>
#include <sys/types.h>

/// The C library's own function behind the one that we stand in for.
#define REAL(name) ((typeof(&name))dlsym(RTLD_NEXT, #name))

enum { MOST_HANDLES = 32 };

/// An open descriptor of the camera: the read end of a pipe; write_end is -1 after an unplugging, descriptor 0 if free.
struct handle { int descriptor, write_end; };

/// Guards everything; held by the caller of all functions but camera_set_up.
extern pthread_mutex_t camera_lock;
/// The node's path, and the folder that stands in for /sys ("": none).
extern const char *camera_device, *camera_sys;

void camera_set_up(void);
/// 0, or the value for errno.
int camera_open(struct handle **opened);
int camera_ioctl(struct handle *handle, unsigned long request, void *argument);
void camera_close(struct handle *handle);
/// NULL: no descriptor of ours.
struct handle *camera_handle(int descriptor);
/// The file to map for a buffer's offset, or -1.
int camera_memory(off_t offset);
bool camera_is_plugged(void);
