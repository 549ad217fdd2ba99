// SPDX-License-Identifier: Apache-2.0
// Plays ssh and scp to Windows machines that are text files, with a delay: hundreds at once cost
// nothing. The file FAKE_HOSTS/NAME holds what the registry has, what is at work, and since when
// the machine runs, and how many driver time-outs it counts if not 7 (with two of another kind); a
// host without a file is one that does not answer.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

struct machine {
    char path[512];
    int configured, booted; // 0: absent
    long long boot_ms;
    int timeouts;
};

static long long now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return (long long)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static int read_machine(struct machine *machine, const char *name)
{
    const char *folder = getenv("FAKE_HOSTS");
    snprintf(machine->path, sizeof machine->path, "%s/%s", folder ? folder : ".", name);
    FILE *file = fopen(machine->path, "re");
    if (!file) {
        return 0;
    }
    machine->timeouts = 7;
    int read = fscanf(file, "%d %d %lld %d", &machine->configured, &machine->booted,
                      &machine->boot_ms, &machine->timeouts);
    fclose(file);
    return read >= 3;
}

static void write_machine(const struct machine *machine)
{
    char path[600];
    snprintf(path, sizeof path, "%s.%ld", machine->path, (long)getpid());
    FILE *file = fopen(path, "we");
    if (file) {
        fprintf(file, "%d %d %lld %d\n", machine->configured, machine->booted, machine->boot_ms,
                machine->timeouts);
        fclose(file);
        (void)rename(path, machine->path);
    }
}

static const char *value(int number)
{
    return number == 1 ? "1" : number == 2 ? "2" : "\"absent\"";
}

static void report(const struct machine *machine, const char *extra)
{
    printf(
        "{\"whaleflux_hags\":1,\"now_ms\":%lld,%s\"configured\":%s,\"key_written_ms\":0,"
        "\"windows\":{\"build\":22631,\"product\":\"Windows 11 Pro\",\"installation\":\"Client\","
        "\"boot_ms\":%lld},\"adapters\":[{\"name\":\"GPU\",\"wddm\":3100,\"software\":false,"
        "\"model\":\"wddm\",\"supported\":true,\"enabled\":%s,\"enabled_by_default\":true,"
        "\"driver\":\"stable\"}],\"nvidia\":null,\"driver_timeouts\":{"
        "\"display_4101_since_boot\":1,\"nvlddmkm_153_since_boot\":null,"
        "\"display_4101_in_30_days\":%d,\"nvlddmkm_153_in_30_days\":2}}\r\n",
        now_ms(), extra, value(machine->configured), machine->boot_ms,
        machine->booted == 1 ? "false" : "true", machine->timeouts);
}

static void set(struct machine *machine, const char *words)
{
    char extra[96];
    snprintf(extra, sizeof extra, "\"before\":%s,\"write_status\":0,", value(machine->configured));
    machine->configured = words[0] == '1' ? 1 : words[0] == '2' ? 2 : 0;
    write_machine(machine);
    report(machine, extra);
}

static int run(struct machine *machine, const char *command)
{
    const char *digest = getenv("FAKE_DIGEST");
    const char *words = strstr(command, " set ");
    if (strstr(command, "/c ver")) {
        puts("\r\nMicrosoft Windows [Version 10.0.22631.4317]\r");
    } else if (strstr(command, "certutil")) {
        printf("SHA256 hash:\r\n%s\r\n", digest ? digest : "");
    } else if (strstr(command, "shutdown")) {
        machine->booted = machine->configured ? machine->configured : 2;
        machine->boot_ms = now_ms();
        write_machine(machine);
    } else if (words) {
        set(machine, words + strlen(" set "));
        report(machine, "");
    } else if (strstr(command, ".exe get")) {
        report(machine, "");
    }
    return 0;
}

int main(int argc, char **argv)
{
    const char *delay = getenv("FAKE_DELAY_MS");
    long delay_ms = delay ? strtol(delay, NULL, 10) : 0;
    const char *slash = strrchr(argv[0], '/');
    int copies = strcmp(slash ? slash + 1 : argv[0], "scp") == 0;
    char name[128] = "";
    struct machine machine = {.path = ""};
    if (argc > 4 && strcmp(argv[3], "-O") == 0) {
        return 0;
    }
    const char *target = argc > 2 ? argv[copies ? argc - 1 : argc - 2] : "";
    snprintf(name, sizeof name, "%.*s", (int)strcspn(target, ":"), target);
    const struct timespec pause = {delay_ms / 1000, delay_ms % 1000 * 1000000};
    nanosleep(&pause, NULL);
    if (!read_machine(&machine, name)) {
        const char *dead = getenv("FAKE_DEAD_S");
        sleep(dead ? (unsigned)strtoul(dead, NULL, 10) : 3);
        fprintf(stderr, "ssh: connect to host %s port 22: Connection timed out\r\n", name);
        return 255;
    }
    return copies ? 0 : run(&machine, argv[argc - 1]);
}
