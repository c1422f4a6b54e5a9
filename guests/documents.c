/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Writes the disk from which guests read their documents to standard output:
 * 64 MiB of pseudo-random bytes, the same ones each time. Random, so that no
 * layer below can compress them, share them or leave a hole in the file. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#define DISK_BYTES (64 * 1024 * 1024)
#define BLOCK_BYTES 65536

/* SplitMix64 (Steele, Lea and Flood, 2014). */
static uint64_t next_random(uint64_t *state)
{
    uint64_t z = *state += 0x9e3779b97f4a7c15u;

    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
}

int main(void)
{
    static unsigned char block[BLOCK_BYTES];
    uint64_t state = 0;

    for (int written = 0; written < DISK_BYTES; written += BLOCK_BYTES) {
        for (int i = 0; i < BLOCK_BYTES; i += 8) {
            uint64_t word = next_random(&state);
            for (int byte = 0; byte < 8; byte++)
                block[i + byte] = (unsigned char)(word >> (8 * byte));
        }
        if (fwrite(block, BLOCK_BYTES, 1, stdout) != 1) {
            perror("documents");
            return EXIT_FAILURE;
        }
    }
    if (fclose(stdout) != 0) {
        perror("documents");
        return EXIT_FAILURE;
    }
    return EXIT_SUCCESS;
}
