/* A driver that isn't one: the functions of NVML that the worker calls, with one good GPU and
   one that fell off the bus. The tests build it and load it in the real library's place. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SUCCESS = 0, NOT_SUPPORTED = 3, DRIVER_NOT_LOADED = 9, GPU_IS_LOST = 15 };

static int put(char *to, unsigned n, const char *text) {
	snprintf(to, n, "%s", text);
	return SUCCESS;
}

int nvmlInit_v2(void) { return getenv("FAKE_NVML_NO_DRIVER") ? DRIVER_NOT_LOADED : SUCCESS; }
int nvmlInitWithFlags(unsigned flags) { return nvmlInit_v2(); }
int nvmlInit(void) { return nvmlInit_v2(); }
int nvmlShutdown(void) { return SUCCESS; }
const char *nvmlErrorString(int code) { return code == GPU_IS_LOST ? "GPU is lost" : "an error"; }
int nvmlSystemGetDriverVersion(char *to, unsigned n) { return put(to, n, "580.1"); }
int nvmlDeviceGetCount_v2(unsigned *n) { *n = 2; return SUCCESS; }
int nvmlDeviceGetCount(unsigned *n) { *n = 2; return SUCCESS; }
int nvmlDeviceGetHandleByIndex_v2(unsigned i, void **device) {
	*device = (void *)(uintptr_t)(i + 1);
	return i == 0 ? SUCCESS : GPU_IS_LOST;
}
int nvmlDeviceGetHandleByIndex(unsigned i, void **device) { return nvmlDeviceGetHandleByIndex_v2(i, device); }
int nvmlDeviceGetUUID(void *device, char *to, unsigned n) { return put(to, n, "GPU-1234"); }
int nvmlDeviceGetName(void *device, char *to, unsigned n) { return put(to, n, "Test GPU"); }
int nvmlDeviceGetMemoryInfo(void *device, uint64_t info[3]) {
	info[0] = 24ull << 30, info[1] = 20ull << 30, info[2] = 4ull << 30;
	return SUCCESS;
}
int nvmlDeviceGetUtilizationRates(void *device, unsigned rates[2]) { rates[0] = 50, rates[1] = 10; return SUCCESS; }
int nvmlDeviceGetTemperature(void *device, int sensor, unsigned *degrees) { *degrees = 61; return SUCCESS; }
int nvmlDeviceGetFanSpeed(void *device, unsigned *percent) { *percent = 30; return SUCCESS; }
int nvmlDeviceGetPowerUsage(void *device, unsigned *milliwatts) { return NOT_SUPPORTED; }
