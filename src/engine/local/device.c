// SPDX-License-Identifier: Apache-2.0
#include "engine/local/device.h"

#include <errno.h>
#include <linux/bpf.h>
#include <stddef.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/assert.h"

// Registers: 1 holds the context at first and is left alone, 2 the type, 3 major, 4 minor.
enum { TYPE = 2, MAJOR = 3, MINOR = 4 };

static struct bpf_insn load(uint32_t to, size_t offset)
{
    return (struct bpf_insn){.code = BPF_LDX | BPF_MEM | BPF_W,
                             .dst_reg = to & 0xfU,
                             .src_reg = BPF_REG_1,
                             .off = (int16_t)offset};
}

static struct bpf_insn skip_unless(uint32_t reg, int32_t value, int16_t skip)
{
    return (struct bpf_insn){
        .code = BPF_JMP | BPF_JNE | BPF_K, .dst_reg = reg & 0xfU, .off = skip, .imm = value};
}

static struct bpf_insn set(uint32_t reg, int32_t value)
{
    return (struct bpf_insn){
        .code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = reg & 0xfU, .imm = value};
}

static const struct bpf_insn leave = {.code = BPF_JMP | BPF_EXIT};

uint32_t wf_device_program(const struct wf_device_rule *rules, uint32_t count,
                           struct bpf_insn *program)
{
    uint32_t length = 0;
    program[length++] = load(TYPE, offsetof(struct bpf_cgroup_dev_ctx, access_type));
    program[length++] = load(MAJOR, offsetof(struct bpf_cgroup_dev_ctx, major));
    program[length++] = load(MINOR, offsetof(struct bpf_cgroup_dev_ctx, minor));
    // The type stands in the lower half, what is done with the file in the upper one.
    program[length++] =
        (struct bpf_insn){.code = BPF_ALU | BPF_AND | BPF_K, .dst_reg = TYPE, .imm = 0xffff};
    for (uint32_t i = 0; i < count; i++) {
        const struct wf_device_rule *rule = &rules[i];
        int16_t rest = (int16_t)(2 + (rule->major >= 0) + (rule->minor >= 0));
        program[length++] =
            skip_unless(TYPE, rule->type == 'c' ? BPF_DEVCG_DEV_CHAR : BPF_DEVCG_DEV_BLOCK, rest);
        if (rule->major >= 0) {
            program[length++] = skip_unless(MAJOR, rule->major, --rest);
        }
        if (rule->minor >= 0) {
            program[length++] = skip_unless(MINOR, rule->minor, --rest);
        }
        program[length++] = set(BPF_REG_0, rule->allow);
        program[length++] = leave;
    }
    program[length++] = set(BPF_REG_0, 1);
    program[length++] = leave;
    WF_ASSERT(length <= WF_DEVICE_PROGRAM_MAX);
    return length;
}

static int bpf(int command, union bpf_attr *attributes)
{
    return (int)syscall(SYS_bpf, command, attributes, sizeof *attributes);
}

void wf_device_limit(const struct wf_cgroup *cgroup, const struct wf_run_spec *spec,
                     struct wf_run *run)
{
    if (spec->device_count == 0) {
        return;
    }
    if (cgroup->folder < 0) {
        wf_run_warn(run, "device files are not limited: there is no cgroup");
        return;
    }
    struct bpf_insn program[WF_DEVICE_PROGRAM_MAX];
    union bpf_attr attributes;
    memset(&attributes, 0, sizeof attributes);
    attributes.prog_type = BPF_PROG_TYPE_CGROUP_DEVICE;
    attributes.insns = (uint64_t)(uintptr_t)program;
    attributes.insn_cnt = wf_device_program(spec->devices, spec->device_count, program);
    attributes.license = (uint64_t)(uintptr_t)"Apache-2.0";
    int loaded = bpf(BPF_PROG_LOAD, &attributes);
    bool good = loaded >= 0;
    if (good) {
        memset(&attributes, 0, sizeof attributes);
        attributes.target_fd = (uint32_t)cgroup->folder;
        attributes.attach_bpf_fd = (uint32_t)loaded;
        attributes.attach_type = BPF_CGROUP_DEVICE;
        // Beside those of the groups above: what any of them denies is denied.
        attributes.attach_flags = BPF_F_ALLOW_MULTI;
        good = bpf(BPF_PROG_ATTACH, &attributes) == 0;
    }
    if (!good) {
        wf_run_warn(run, "device files are not limited: %s", strerror(errno));
    }
    if (loaded >= 0) {
        close(loaded); // the group keeps it
    }
}
