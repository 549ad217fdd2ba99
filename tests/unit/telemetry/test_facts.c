// SPDX-License-Identifier: Apache-2.0
#include "telemetry/facts.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <unistd.h>

#include "tree.h"

static void controllers_are_whole_words(void **state)
{
    (void)state;
    assert_int_equal(wf_controllers_of("cpuset cpu io memory hugetlb pids dmem\n"),
                     WF_CONTROLLER_CPUSET | WF_CONTROLLER_CPU | WF_CONTROLLER_IO |
                         WF_CONTROLLER_MEMORY | WF_CONTROLLER_PIDS | WF_CONTROLLER_DMEM);
    assert_int_equal(wf_controllers_of("cpuacct mem rdma"), 0);
    assert_int_equal(wf_controllers_of(""), 0);
}

static void the_cgroup_of_version_2_is_found_among_old_ones(void **state)
{
    (void)state;
    char path[32];
    assert_true(wf_cgroup_path_of("9:pids:/\n4:memory:/x\n0::/user.slice/a b\n", path, 32));
    assert_string_equal(path, "/user.slice/a b");
    assert_false(wf_cgroup_path_of("4:memory:/x\n", path, 32));
    assert_string_equal(path, "");
}

static void the_system_is_named_without_quotes(void **state)
{
    (void)state;
    char name[32];
    wf_os_name_of("ID=debian\nPRETTY_NAME=\"Debian GNU/Linux 13\"\n", name, sizeof name);
    assert_string_equal(name, "Debian GNU/Linux 13");
    wf_os_name_of("PRETTY_NAME=Plain\n", name, sizeof name);
    assert_string_equal(name, "Plain");
    wf_os_name_of("ID=x\n", name, sizeof name);
    assert_string_equal(name, "");
}

static void look(const char *root, struct wf_machine *machine)
{
    struct wf_sysroot sysroot = {0};
    struct wf_error err;
    *machine = (struct wf_machine){0};
    snprintf(sysroot.root, sizeof sysroot.root, "%s", root);
    assert_int_equal(wf_identity_find("65534", &machine->identity, &err), WF_OK);
    wf_machine_facts(&sysroot, "/data/a/b", machine);
}

static void a_machine_is_read_below_its_root(void **state)
{
    (void)state;
    static struct wf_machine machine;
    look(tree_make("plain"), &machine);
    assert_string_equal(machine.hostname, "node-7");
    assert_string_equal(machine.kernel, "6.12.0-test");
    assert_string_equal(machine.system, "Debian GNU/Linux 13 (trixie)");
    assert_string_equal(machine.boot_id, "01234567-89ab-cdef-0123-456789abcdef");
    assert_int_equal(machine.cores, 192);
    assert_true(machine.memory_bytes == UINT64_C(1056484416) << 10);
    assert_int_equal(machine.cgroup.version, WF_CGROUP_V2);
    assert_string_equal(machine.cgroup.path, "/system.slice/whaleflux.service");
    assert_int_equal(machine.cgroup.controllers,
                     WF_CONTROLLER_CPU | WF_CONTROLLER_MEMORY | WF_CONTROLLER_PIDS);
    assert_true(machine.cgroup.delegated);
    assert_true(machine.systemd);
    assert_int_equal(machine.clock_synchronised, WF_ON);
    assert_int_equal(machine.data_access, WF_FILE_OPEN); // that of /data, where it would be made
    assert_true(machine.data_free_bytes > 0);
}

static void what_belongs_to_somebody_else_is_not_delegated(void **state)
{
    (void)state;
    static struct wf_machine machine;
    const char *root = tree_make("plain");
    tree_mode("sys/fs/cgroup/system.slice/whaleflux.service/cgroup.procs", 0644);
    tree_mode("data", 0755);
    look(root, &machine);
    assert_false(machine.cgroup.delegated);
    assert_int_equal(machine.data_access, WF_FILE_DENIED);
}

static void old_and_hybrid_cgroups_are_told_apart(void **state)
{
    (void)state;
    static struct wf_machine machine;
    const char *root = tree_make("plain");
    tree_delete("sys/fs/cgroup");
    look(root, &machine);
    assert_int_equal(machine.cgroup.version, WF_CGROUP_NONE);
    tree_write("sys/fs/cgroup/memory/tasks", "1\n");
    look(root, &machine);
    assert_int_equal(machine.cgroup.version, WF_CGROUP_V1);
    tree_write("sys/fs/cgroup/unified/cgroup.controllers", "\n");
    look(root, &machine);
    assert_int_equal(machine.cgroup.version, WF_CGROUP_HYBRID);
    assert_int_equal(machine.cgroup.controllers, 0);
}

static void the_process_itself_may_do_what_it_may(void **state)
{
    (void)state;
    struct wf_identity identity;
    struct wf_error err;
    assert_int_equal(wf_identity_find(NULL, &identity, &err), WF_OK);
    assert_true(identity.self);
    assert_int_equal(identity.user, geteuid());
    assert_int_equal(wf_identity_find("root", &identity, &err), WF_OK);
    assert_int_equal(identity.user, 0);
    assert_int_equal(wf_identity_find("no-such-user-here", &identity, &err), WF_NOTFOUND);
    assert_non_null(strstr(err.text, "no-such-user-here"));
    assert_int_equal(wf_identity_find("4294967295", &identity, &err), WF_NOTFOUND);
}

static void device_filters_want_capabilities_of_the_whole_machine(void **state)
{
    (void)state;
    static const struct {
        const char *capabilities;
        const char *users;
        bool may;
    } cases[] = {
        {"CapEff:\t000001ffffffffff\n", "0 0 4294967295\n", true},
        {"CapEff:\t000001ffffffffff\n", "0 1000 1\n", false},
        {"CapEff:\t0000008000001000\n", "0 0 4294967295\n", true}, // bpf and net_admin
        {"CapEff:\t0000008000000000\n", "0 0 4294967295\n", false},
        {"CapEff:\t0000000000000000\n", "0 0 4294967295\n", false},
    };
    static struct wf_machine machine;
    struct wf_sysroot sysroot = {0};
    struct wf_error err;
    snprintf(sysroot.root, sizeof sysroot.root, "%s", tree_make("plain"));
    for (unsigned i = 0; i < WF_COUNT_OF(cases); i++) {
        tree_write("proc/self/status", cases[i].capabilities);
        tree_write("proc/self/uid_map", cases[i].users);
        machine = (struct wf_machine){0};
        assert_int_equal(wf_identity_find(NULL, &machine.identity, &err), WF_OK);
        wf_machine_facts(&sysroot, "/data", &machine);
        assert_int_equal(machine.limits.may_load_bpf, cases[i].may);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(controllers_are_whole_words),
        cmocka_unit_test(the_cgroup_of_version_2_is_found_among_old_ones),
        cmocka_unit_test(the_system_is_named_without_quotes),
        cmocka_unit_test(a_machine_is_read_below_its_root),
        cmocka_unit_test(what_belongs_to_somebody_else_is_not_delegated),
        cmocka_unit_test(old_and_hybrid_cgroups_are_told_apart),
        cmocka_unit_test(the_process_itself_may_do_what_it_may),
        cmocka_unit_test(device_filters_want_capabilities_of_the_whole_machine),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    tree_remove();
    return failed;
}
