// The functions of the fake camera (camera.c) that the preloaded calls (preload.c) use.
#include <dlfcn.h>
#include <fcntl.h>
#include <linux/videodev2.h>
#include <pthread.h>
#include <stdbool.h>
#include <sys/types.h>

/// The C library's function `name`, which a function of this library replaces.
#define REAL(name) ((typeof(&name))dlsym(RTLD_NEXT, #name))

enum { MOST_HANDLES = 32 };

/// The pipe that a program gets when it opens the camera. `descriptor` is its read end, or 0 if this entry of
/// `camera_handles` is free. `write_end` is -1 after the camera has been unplugged.
struct handle { int descriptor, write_end; };

/// Protects all state of the camera. Callers of any function below except camera_set_up must hold this lock.
extern pthread_mutex_t camera_lock;
/// The path of the camera's device node, and the folder that replaces /sys ("" if no folder replaces it).
extern const char *camera_device, *camera_sys;

void camera_set_up(void);
/// Opens the camera. This function and `camera_ioctl` return 0 on success, and a value for errno on failure.
int camera_open(struct handle **opened);
int camera_ioctl(struct handle *handle, unsigned long request, void *argument);
void camera_close(struct handle *handle);
/// Returns the handle of a descriptor, or NULL if the descriptor is not the camera's.
struct handle *camera_handle(int descriptor);
/// Finds the buffer whose `m.offset` is `offset`. Returns the descriptor of its memory file, or -1 if there is none.
int camera_memory(off_t offset);
bool camera_is_plugged(void);
