// SPDX-License-Identifier: Apache-2.0
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "hags/inventory.h"
#include "unit/scratch.h"

static struct wf_inventory *taken(const char *text)
{
    struct wf_inventory *inventory;
    struct wf_error err = {.text = ""};
    if (wf_inventory_read(scratch_write_text("hosts", text), &inventory, &err) != WF_OK) {
        fail_msg("%s", err.text);
    }
    return inventory;
}

static void refused(const char *text, const char *why)
{
    struct wf_inventory *inventory;
    struct wf_error err = {.text = ""};
    assert_int_not_equal(wf_inventory_read(scratch_write_text("hosts", text), &inventory, &err),
                         WF_OK);
    if (!strstr(err.text, why)) {
        fail_msg("'%s' is not in: %s", why, err.text);
    }
}

static const struct wf_host *host(const struct wf_inventory *inventory, const char *name)
{
    for (uint32_t i = 0; i < wf_inventory_count(inventory); i++) {
        if (strcmp(wf_inventory_host(inventory, i)->name, name) == 0) {
            return wf_inventory_host(inventory, i);
        }
    }
    fail_msg("no host %s", name);
    return NULL;
}

// The names in a group, in the order of the file, with blanks.
static const char *members(const struct wf_inventory *inventory, const char *group)
{
    static char names[512];
    bool chosen[64];
    struct wf_error err = {.text = ""};
    names[0] = '\0';
    assert_true(wf_inventory_count(inventory) <= 64);
    if (wf_inventory_choose(inventory, group, chosen, &err) != WF_OK) {
        fail_msg("%s", err.text);
    }
    for (uint32_t i = 0; i < wf_inventory_count(inventory); i++) {
        size_t length = strlen(names);
        if (chosen[i]) {
            snprintf(names + length, sizeof names - length, "%s%s", length ? " " : "",
                     wf_inventory_host(inventory, i)->name);
        }
    }
    return names;
}

static void our_own_form(void **state)
{
    (void)state;
    struct wf_inventory *inventory = taken("clusters:\n"
                                           "  prod:\n"
                                           "    user: CORP\\ann\n"
                                           "    jump: bastion\n"
                                           "    drain: [kubectl, drain, '{host}']\n"
                                           "    hosts:\n"
                                           "      - ws-1\n"
                                           "      - {name: ws-2, address: 10.0.0.2, port: 2222, "
                                           "user: bob, key: /k, tags: [render]}\n"
                                           "  lab: {hosts: [x]}\n"
                                           "groups:\n"
                                           "  training_nodes: [ws-2, lab]\n");
    assert_int_equal(wf_inventory_count(inventory), 3);
    assert_string_equal(members(inventory, "prod"), "ws-1 ws-2");
    assert_string_equal(members(inventory, "training_nodes"), "ws-2 x");
    assert_string_equal(members(inventory, "render"), "ws-2");
    assert_string_equal(members(inventory, "all"), "ws-1 ws-2 x");
    const struct wf_host *second = host(inventory, "ws-2");
    assert_string_equal(second->ways.address, "10.0.0.2");
    assert_int_equal(second->ways.port, 2222);
    assert_string_equal(second->ways.user, "bob");
    assert_string_equal(second->ways.jump, "bastion");
    assert_string_equal(host(inventory, "ws-1")->ways.user, "CORP\\ann");
    assert_string_equal(host(inventory, "ws-1")->ways.address, "ws-1");
    assert_string_equal(host(inventory, "ws-1")->ways.drain[2], "{host}");
    assert_null(host(inventory, "ws-1")->ways.drain[3]);
    assert_null(host(inventory, "x")->ways.user);
    wf_inventory_destroy(inventory);
    wf_inventory_destroy(NULL);
}

static void ansible_as_ini(void **state)
{
    (void)state;
    struct wf_inventory *inventory =
        taken("lone ansible_host=10.1.1.1 # a comment\n"
              "[win]\n"
              "ws-[01:03] ansible_user='one two' ansible_password=secret\n"
              "rack-[a:c:2]\n"
              "[win:vars]\n"
              "ansible_port = 22022\n"
              "ansible_user=from_group\n"
              "ansible_ssh_common_args='-o ProxyJump=jump.example -o Foo=bar'\n"
              "[prod:children]\n"
              "win\n"
              "[prod:vars]\n"
              "ansible_user=from_above\n"
              "ansible_ssh_private_key_file=/keys/prod\n");
    assert_string_equal(members(inventory, "win"), "ws-01 ws-02 ws-03 rack-a rack-c");
    assert_string_equal(members(inventory, "prod"), "ws-01 ws-02 ws-03 rack-a rack-c");
    assert_string_equal(members(inventory, "ungrouped"), "lone");
    assert_string_equal(host(inventory, "ws-02")->ways.user, "one two");
    assert_string_equal(host(inventory, "rack-a")->ways.user, "from_group");
    assert_string_equal(host(inventory, "rack-a")->ways.key, "/keys/prod");
    assert_string_equal(host(inventory, "rack-c")->ways.jump, "jump.example");
    assert_int_equal(host(inventory, "ws-01")->ways.port, 22022);
    assert_string_equal(host(inventory, "lone")->ways.address, "10.1.1.1");
    assert_non_null(strstr(wf_inventory_note(inventory), "3 passwords"));
    wf_inventory_destroy(inventory);
}

static void ansible_as_yaml(void **state)
{
    (void)state;
    struct wf_inventory *inventory = taken("all:\n"
                                           "  vars: {ansible_user: everyone}\n"
                                           "  children:\n"
                                           "    prod:\n"
                                           "      hosts:\n"
                                           "        ws-[1:2]: {ansible_port: 23}\n"
                                           "      vars: {ansible_user: admin}\n"
                                           "    lab:\n"
                                           "      hosts: {box: , ws-1: }\n");
    assert_string_equal(members(inventory, "prod"), "ws-1 ws-2");
    assert_string_equal(members(inventory, "lab"), "ws-1 box");
    assert_string_equal(members(inventory, "all"), "ws-1 ws-2 box");
    assert_string_equal(host(inventory, "ws-2")->ways.user, "admin");
    assert_string_equal(host(inventory, "box")->ways.user, "everyone");
    assert_int_equal(host(inventory, "ws-1")->ways.port, 23);
    wf_inventory_destroy(inventory);
}

static void kubernetes_nodes_with_windows(void **state)
{
    (void)state;
    struct wf_inventory *inventory = taken(
        "{\"items\":[{\"metadata\":{\"name\":\"n1\",\"labels\":{\"kubernetes.io/os\":\"windows\","
        "\"pool\":\"render\"}},\"status\":{\"addresses\":[{\"type\":\"Hostname\",\"address\":\"n1\"},"
        "{\"type\":\"InternalIP\",\"address\":\"10.2.0.4\"}],\"nodeInfo\":{\"osImage\":"
        "\"Windows Server 2022\"}}},{\"metadata\":{\"name\":\"n2\",\"labels\":{"
        "\"kubernetes.io/os\":\"linux\"}}}]}");
    assert_int_equal(wf_inventory_count(inventory), 1);
    assert_string_equal(host(inventory, "n1")->ways.address, "10.2.0.4");
    assert_string_equal(members(inventory, "pool=render"), "n1");
    assert_string_equal(host(inventory, "n1")->ways.drain[0], "kubectl");
    wf_inventory_destroy(inventory);
    refused("{\"items\":[{\"metadata\":{\"name\":\"n2\"}}]}", "of 1 nodes none has");
    refused("{\"kind\":3}", "no list 'items'");
}

static void what_ssh_would_misread_is_refused(void **state)
{
    (void)state;
    refused("clusters: {p: {hosts: [\"-oProxyCommand=x\"]}}\n", "cannot be used");
    refused("clusters: {p: {hosts: [{name: a, user: \"x\\ny\"}]}}\n", "the user of a");
    refused("clusters: {p: {hosts: [{name: a, address: \"x\\\"y\"}]}}\n", "the address of a");
    refused("clusters: {p: {hosts: [{name: a, key: \"-x\"}]}}\n", "the key file of a");
}

static void mistakes_are_told_with_their_place(void **state)
{
    (void)state;
    refused("clusters:\n  prod:\n    hots: [a]\n", "did you mean 'hosts'");
    refused("clusters: {p: {hosts: [a, a]}}\n", "two hosts 'a'");
    refused("clusters: {p: {hosts: [a]}}\ngroups: {g: [b]}\n", "is no host, cluster or group");
    refused("[a:vars]\nnonsense\n", "line 2");
    refused("[a:kids]\n", "':vars' or ':children'");
    refused("[g]\nws-[1:x]\n", "no range");
    refused("[g]\nws-[1:999999]\n", "more than 100000 hosts");
    refused("[a:children]\nb\n[b:children]\na\n[b]\nhost\n", "contains itself");
    refused("[g]\nhost ansible_port=0\n", "must be a port");
    refused("# nothing\n", "no host");
}

static void an_unknown_cluster_is_guessed_at(void **state)
{
    (void)state;
    struct wf_inventory *inventory = taken("clusters: {prod: {hosts: [a]}}\n");
    bool chosen[1];
    struct wf_error err;
    assert_int_equal(wf_inventory_choose(inventory, "pord", chosen, &err), WF_NOTFOUND);
    assert_non_null(strstr(err.text, "did you mean 'prod'"));
    wf_inventory_destroy(inventory);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(our_own_form),
        cmocka_unit_test(ansible_as_ini),
        cmocka_unit_test(ansible_as_yaml),
        cmocka_unit_test(kubernetes_nodes_with_windows),
        cmocka_unit_test(what_ssh_would_misread_is_refused),
        cmocka_unit_test(mistakes_are_told_with_their_place),
        cmocka_unit_test(an_unknown_cluster_is_guessed_at),
    };
    return cmocka_run_group_tests(tests, scratch_begin, scratch_end);
}
