// heliostat_record begins the record of what happens to files under root, on the descriptor.
void heliostat_record(int fd, const char *root);
