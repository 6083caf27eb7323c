/* The program in the packages under test. It knows what its environment must hold and says whether it does:
 *
 *     probe LIST [again | nothing]
 *
 * LIST begins with a line `name NAME`; every other line is `CRC SIZE PATH`, the CRC-32 of a file below the environment.
 * Prints `right NAME FILES` and exits 0, or `wrong NAME PATH` and exits 1. With `again` it looks a second time when its
 * standard input has ended; with `nothing` it does not look at all, so that only the start takes time. It says nothing that it has not read from the disk, so an environment that is not whole, or
 * another package's, cannot pass for right. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <fcntl.h>

static uint32_t table[256];

static void make_table(void) {
    for (uint32_t at = 0; at < 256; at++) {
        uint32_t value = at;
        for (int bit = 0; bit < 8; bit++)
            value = value >> 1 ^ (value & 1 ? 0xedb88320u : 0);
        table[at] = value;
    }
}

static int check(const char *list_path) {
    const char *root = getenv("FLAVOR_WORKENV");
    FILE *list = fopen(list_path, "r");
    if (!root || !list) {
        printf("wrong ? %s\n", list_path);
        return 1;
    }
    char name[256] = "?", path[4096], full[8192];
    static unsigned char buffer[1 << 16];
    unsigned long long crc, size;
    long files = 0;
    if (fscanf(list, "name %255s\n", name) != 1) {
        printf("wrong ? %s\n", list_path);
        return 1;
    }
    while (fscanf(list, "%llx %llu %4095[^\n]\n", &crc, &size, path) == 3) {
        snprintf(full, sizeof full, "%s/%s", root, path);
        int fd = open(full, O_RDONLY);
        uint32_t found = 0xffffffffu;
        unsigned long long length = 0;
        ssize_t count = -1;
        while (fd >= 0 && (count = read(fd, buffer, sizeof buffer)) > 0) {
            for (ssize_t at = 0; at < count; at++)
                found = found >> 8 ^ table[(found ^ buffer[at]) & 0xff];
            length += count;
        }
        if (fd >= 0)
            close(fd);
        if (count != 0 || ~found != (uint32_t)crc || length != size) {
            printf("wrong %s %s\n", name, path);
            return 1;
        }
        files++;
    }
    if (!feof(list) || files == 0) {
        printf("wrong %s %s\n", name, list_path);
        return 1;
    }
    fclose(list);
    printf("right %s %ld\n", name, files);
    fflush(stdout);
    return 0;
}

int main(int argc, char **argv) {
    if (argc < 2)
        return 2;
    if (argc > 2 && strcmp(argv[2], "nothing") == 0)
        return 0;
    make_table();
    int status = check(argv[1]);
    if (status == 0 && argc > 2 && strcmp(argv[2], "again") == 0) {
        char byte;
        while (read(0, &byte, 1) > 0) {
        }
        status = check(argv[1]);
    }
    return status;
}
