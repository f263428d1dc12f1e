/* The last error of each thread. */
#ifndef HELIOSTAT_ERROR_H
#define HELIOSTAT_ERROR_H

/* Takes over text, which malloc made; NULL clears. */
void heliostat_error_set(char *text);

/* The text, still owned here; NULL for none. */
const char *heliostat_error_get(void);

#endif
