/* Reads the slots of its package: word lists, texts and a message. */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_LISTS = 64 };

static int by_name(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

/* Where the package is unpacked; the directory of the checkout when run without one. */
static const char *workenv(void)
{
    const char *path = getenv("FLAVOR_WORKENV");
    return path && *path ? path : ".";
}

static FILE *open_below(const char *directory, const char *name)
{
    char path[4096];
    int length = snprintf(path, sizeof path, "%s/%s/%s", workenv(), directory, name);
    if (length < 0 || (size_t)length >= sizeof path) {
        fprintf(stderr, "tool: path too long\n");
        return NULL;
    }
    FILE *file = fopen(path, "r");
    if (!file)
        perror(path);
    return file;
}

static int print_file(const char *directory, const char *name)
{
    FILE *file = open_below(directory, name);
    if (!file)
        return 1;
    char buffer[4096];
    size_t count;
    while ((count = fread(buffer, 1, sizeof buffer, file)) > 0)
        fwrite(buffer, 1, count, stdout);
    int failed = ferror(file);
    fclose(file);
    return failed || fflush(stdout) != 0;
}

static long count_lines(const char *name)
{
    FILE *file = open_below("words", name);
    if (!file)
        return -1;
    long lines = 0;
    for (int c; (c = getc(file)) != EOF;)
        lines += c == '\n';
    fclose(file);
    return lines;
}

/* One line for each list in words/ with the number of its words, then the total. */
static int count_words(void)
{
    char path[4096];
    snprintf(path, sizeof path, "%s/words", workenv());
    DIR *directory = opendir(path);
    if (!directory) {
        perror(path);
        return 1;
    }
    char *names[MAX_LISTS];
    size_t lists = 0;
    for (struct dirent *entry; lists < MAX_LISTS && (entry = readdir(directory));)
        if (entry->d_name[0] != '.')
            names[lists++] = strdup(entry->d_name);
    closedir(directory);
    qsort(names, lists, sizeof *names, by_name);

    long total = 0;
    for (size_t i = 0; i < lists; i++) {
        long lines = count_lines(names[i]);
        if (lines < 0)
            return 1;
        printf("%s %ld\n", names[i], lines);
        total += lines;
        free(names[i]);
    }
    printf("total %ld\n", total);
    return 0;
}

int main(int argc, char **argv)
{
    if (argc == 2 && strcmp(argv[1], "--version") == 0)
        return puts("tool 1.0.0") < 0;
    if (argc == 2 && strcmp(argv[1], "count") == 0)
        return count_words();
    if (argc == 2 && strcmp(argv[1], "motd") == 0)
        return print_file(".", "motd");
    if (argc == 3 && strcmp(argv[1], "cat") == 0 && !strchr(argv[2], '/'))
        return print_file("texts", argv[2]);
    fprintf(stderr, "usage: tool count | motd | cat NAME | --version\n");
    return 2;
}
