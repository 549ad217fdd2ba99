// SPDX-License-Identifier: Apache-2.0
#include "hags/ssh.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "text/lines.h"

// Names that ssh takes as they are: as such, the user's own configuration for them applies.
static bool is_plain(const char *name)
{
    static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-";
    return strlen(name) < 64 && name[strspn(name, plain)] == '\0';
}

// A jump host reaches a shell by way of ssh: only what an address has may be in it.
static bool is_jump(const char *jump)
{
    static const char plain[] =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-@:,[]";
    return jump[strspn(jump, plain)] == '\0';
}

// A value in quotes, with what ssh would read otherwise made harmless. tokens: '%' and "${" are
// expanded in it.
static void put_value(FILE *file, const char *key, const char *value, bool tokens)
{
    fprintf(file, "    %s \"", key);
    for (; *value; value++) {
        if (*value == '\\' || (tokens && *value == '%')) {
            fputc(*value, file);
        }
        fputc(*value, file);
    }
    fputs("\"\n", file);
}

static void put_host(FILE *file, const struct wf_ssh *ssh, uint32_t index,
                     const struct wf_host *host)
{
    const struct wf_host_ways *ways = &host->ways;
    fprintf(file, "Host %s\n", ssh->aliases[index]);
    if (strcmp(ways->address, host->name) != 0 || !is_plain(host->name)) {
        put_value(file, "HostName", ways->address, true);
    }
    if (ways->port) {
        fprintf(file, "    Port %u\n", ways->port);
    }
    if (ways->user) {
        put_value(file, "User", ways->user, false);
    }
    if (ways->key) {
        put_value(file, "IdentityFile", ways->key, true);
        fputs("    IdentitiesOnly yes\n", file);
    }
    if (ways->jump) {
        fprintf(file, "    ProxyJump %s\n", ways->jump);
    }
    if (ways->known_hosts) {
        put_value(file, "UserKnownHostsFile", ways->known_hosts, true);
    }
    fprintf(file, "    ControlPath %s/m%u\n", ssh->folder, index);
}

static void put_rest(FILE *file, const struct wf_ssh_settings *settings)
{
    fprintf(file,
            "Match all\n"
            "    StrictHostKeyChecking %s\n"
            "    ConnectTimeout %u\n",
            settings->accept_new ? "accept-new" : "yes", settings->connect_timeout_s);
    fputs("    BatchMode yes\n"
          "    PasswordAuthentication no\n"
          "    KbdInteractiveAuthentication no\n"
          "    ConnectionAttempts 1\n"
          "    ServerAliveInterval 5\n"
          "    ServerAliveCountMax 3\n"
          "    ControlMaster auto\n"
          "    ControlPersist 30\n"
          "    UpdateHostKeys no\n"
          "    ForwardAgent no\n"
          "    ForwardX11 no\n"
          "    ClearAllForwardings yes\n"
          "    PermitLocalCommand no\n"
          "    RequestTTY no\n"
          "    LogLevel ERROR\n"
          "Match all\n"
          "    Include ~/.ssh/config\n"
          "Match all\n"
          "    Include /etc/ssh/ssh_config\n",
          file);
}

static enum wf_status write_config(const struct wf_host *const *hosts, const struct wf_ssh *ssh,
                                   const struct wf_ssh_settings *settings, struct wf_error *err)
{
    FILE *file = fopen(ssh->config, "wxe");
    if (!file) {
        return wf_fail(err, WF_IO, "%s cannot be written: %s", ssh->config, strerror(errno));
    }
    for (uint32_t i = 0; i < ssh->count; i++) {
        put_host(file, ssh, i, hosts[i]);
    }
    put_rest(file, settings);
    bool good = fflush(file) == 0 && !ferror(file);
    good = fclose(file) == 0 && good;
    return good ? WF_OK
                : wf_fail(err, WF_IO, "%s cannot be written: %s", ssh->config, strerror(errno));
}

enum wf_status wf_ssh_open(const struct wf_host *const *hosts, uint32_t count,
                           const struct wf_ssh_settings *settings, struct wf_ssh *ssh_out,
                           struct wf_error *err)
{
    *ssh_out = (struct wf_ssh){.count = count};
    // Short, because a socket's path may have about a hundred bytes.
    const char *above = getenv("XDG_RUNTIME_DIR");
    above = above && above[0] == '/' && strlen(above) < 32 && is_plain(above + strspn(above, "/"))
                ? above
                : "/tmp";
    snprintf(ssh_out->folder, sizeof ssh_out->folder, "%s/whaleflux-XXXXXX", above);
    for (uint32_t i = 0; i < count; i++) {
        if (hosts[i]->ways.jump && !is_jump(hosts[i]->ways.jump)) {
            return wf_fail(err, WF_INVALID,
                           "the jump host of %.60s cannot be used: only letters, "
                           "digits and .-_@:,[] may be in it",
                           hosts[i]->name);
        }
    }
    ssh_out->aliases = calloc(count + 1, sizeof *ssh_out->aliases);
    if (!ssh_out->aliases) {
        return wf_fail(err, WF_NOMEM, "there is no memory for the hosts");
    }
    if (!mkdtemp(ssh_out->folder)) {
        ssh_out->folder[0] = '\0';
        wf_ssh_close(ssh_out);
        return wf_fail(err, WF_IO, "no folder can be made below %s: %s", above, strerror(errno));
    }
    snprintf(ssh_out->config, sizeof ssh_out->config, "%s/config", ssh_out->folder);
    for (uint32_t i = 0; i < count; i++) {
        if (is_plain(hosts[i]->name)) {
            snprintf(ssh_out->aliases[i], sizeof ssh_out->aliases[i], "%s", hosts[i]->name);
        } else {
            snprintf(ssh_out->aliases[i], sizeof ssh_out->aliases[i], "whaleflux-host-%u", i);
        }
    }
    enum wf_status status = write_config(hosts, ssh_out, settings, err);
    if (status != WF_OK) {
        wf_ssh_close(ssh_out);
    }
    return status;
}

void wf_ssh_close(struct wf_ssh *ssh)
{
    DIR *folder = ssh->folder[0] ? opendir(ssh->folder) : NULL;
    for (struct dirent *entry; folder && (entry = readdir(folder));) {
        char path[sizeof ssh->folder + sizeof entry->d_name + 1];
        snprintf(path, sizeof path, "%s/%s", ssh->folder, entry->d_name);
        (void)unlink(path); // "." and ".." refuse
    }
    if (folder) {
        closedir(folder);
        (void)rmdir(ssh->folder);
    }
    free(ssh->aliases);
    *ssh = (struct wf_ssh){.count = 0};
}

void wf_ssh_run(const struct wf_ssh *ssh, uint32_t host, const char *command, bool alone,
                const char *argv[WF_SSH_ARGUMENTS_MAX])
{
    const char *const shared[] = {"ssh", "-F", ssh->config, ssh->aliases[host], command, NULL};
    const char *const single[] = {
        "ssh", "-F", ssh->config, "-oControlPath=none", ssh->aliases[host], command, NULL};
    memcpy(argv, alone ? single : shared, alone ? sizeof single : sizeof shared);
}

void wf_ssh_end(const struct wf_ssh *ssh, uint32_t host, const char *argv[WF_SSH_ARGUMENTS_MAX])
{
    const char *const words[] = {"ssh", "-F", ssh->config, "-O", "exit", ssh->aliases[host], NULL};
    memcpy(argv, words, sizeof words);
}

void wf_ssh_copy(const struct wf_ssh *ssh, uint32_t host, const char *from, const char *name,
                 char target[160], const char *argv[WF_SSH_ARGUMENTS_MAX])
{
    snprintf(target, 160, "%s:%s", ssh->aliases[host], name);
    const char *const words[] = {"scp", "-q", "-F", ssh->config, from, target, NULL};
    memcpy(argv, words, sizeof words);
}

static const struct {
    const char *said, *words;
    bool final; // the same next time
} complaints[] = {
    {"Host key verification failed", "its host key is not the one known, or none is known", true},
    {"REMOTE HOST IDENTIFICATION HAS CHANGED", "its host key has changed", true},
    {"No ED25519 host key is known", "its host key is not known", true},
    {"Permission denied (", "it refuses the key", true},
    {"Too many authentication failures", "it refuses the keys", true},
    {"Could not resolve", "its address is not known", false},
    {"Bad configuration option", "ssh's own configuration has a mistake", true},
    {"Connection refused", "it refuses the connection", false},
    {"timed out", "it does not answer in time", false},
    {"No route to host", "no way leads to it", false},
};

bool wf_ssh_may_mend(const char *complaint)
{
    for (uint32_t i = 0; i < WF_COUNT_OF(complaints); i++) {
        if (strstr(complaint, complaints[i].said)) {
            return !complaints[i].final;
        }
    }
    return true;
}

const char *wf_ssh_words(const char *complaint, char *words, size_t size)
{
    for (uint32_t i = 0; i < WF_COUNT_OF(complaints); i++) {
        if (strstr(complaint, complaints[i].said)) {
            snprintf(words, size, "%s", complaints[i].words);
            return words;
        }
    }
    // Its last line that is not empty.
    size_t end = strlen(complaint);
    while (end > 0 && strchr("\r\n \t", complaint[end - 1])) {
        end--;
    }
    size_t start = end;
    while (start > 0 && complaint[start - 1] != '\n' && complaint[start - 1] != '\r') {
        start--;
    }
    char line[160];
    snprintf(line, sizeof line, "%.*s", (int)(end - start > 150 ? 150 : end - start),
             complaint + start);
    wf_lines_quote(line, words, (uint32_t)size);
    return words;
}
