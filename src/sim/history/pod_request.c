// SPDX-License-Identifier: Apache-2.0
// What a pod asks for. Kubernetes adds up the containers that run together, and takes for what runs
// before them, one by one, the most that any asks for.
#include <string.h>

#include "sim/history/pod_object.h"
#include "sim/history/text.h"

enum { MODELS_BYTES = 512, LABELS_BYTES = 1024 };

static const int64_t milli_max = INT64_C(1000000000000000000);

// Amounts in thousandths; of memory in thousandths of a byte.
struct amount {
    int64_t cpu, memory;
    int64_t nvidia, amd; // whole GPUs
    int64_t slices;      // of NVIDIA's GPUs, in sevenths
};

static int64_t plus(int64_t a, int64_t b)
{
    return a + b < milli_max ? a + b : milli_max;
}

static int64_t more(int64_t a, int64_t b)
{
    return a > b ? a : b;
}

static struct amount plus_all(struct amount a, struct amount b)
{
    return (struct amount){plus(a.cpu, b.cpu), plus(a.memory, b.memory), plus(a.nvidia, b.nvidia),
                           plus(a.amd, b.amd), plus(a.slices, b.slices)};
}

static struct amount more_all(struct amount a, struct amount b)
{
    return (struct amount){more(a.cpu, b.cpu), more(a.memory, b.memory), more(a.nvidia, b.nvidia),
                           more(a.amd, b.amd), more(a.slices, b.slices)};
}

// What a unit multiplies by, as a power of two or of ten; "m" and smaller are powers of ten below
// nought. Returns false for no unit.
static bool find_unit(const char *text, int *two_out, int *ten_out)
{
    static const struct {
        const char *name;
        int two, ten;
    } units[] = {{"", 0, 0},    {"n", 0, -9},  {"u", 0, -6},  {"m", 0, -3},
                 {"k", 0, 3},   {"M", 0, 6},   {"G", 0, 9},   {"T", 0, 12},
                 {"P", 0, 15},  {"E", 0, 18},  {"Ki", 10, 0}, {"Mi", 20, 0},
                 {"Gi", 30, 0}, {"Ti", 40, 0}, {"Pi", 50, 0}, {"Ei", 60, 0}};
    *two_out = 0;
    if ((*text == 'e' || *text == 'E') && text[1] != '\0' && text[1] != 'i') {
        bool negative = text[1] == '-';
        int64_t ten;
        if (!wf_text_whole(text + 1 + (negative || text[1] == '+'), 18, &ten)) {
            return false;
        }
        *ten_out = (int)(negative ? -ten : ten);
        return true;
    }
    for (uint32_t i = 0; i < WF_COUNT_OF(units); i++) {
        if (strcmp(text, units[i].name) == 0) {
            *two_out = units[i].two;
            *ten_out = units[i].ten;
            return true;
        }
    }
    return false;
}

bool wf_pod_quantity(const json_t *value, int64_t *milli_out)
{
    char number[32] = "";
    const char *text = json_string_value(value);
    if (json_is_integer(value)) {
        snprintf(number, sizeof number, "%lld", (long long)json_integer_value(value));
        text = number;
    } else if (json_is_real(value)) {
        snprintf(number, sizeof number, "%.3f", json_real_value(value));
        text = number;
    }
    int64_t milli;
    int two;
    int ten;
    if (!text || !wf_text_decimal(&text, &milli) || !find_unit(text, &two, &ten)) {
        return false;
    }
    // Below 10^18 times 2^60: still far from the end of 128 bits.
    wf_int128 total = (wf_int128)milli << two;
    for (; ten > 0 && total <= milli_max; ten--) {
        total *= 10;
    }
    for (; ten < 0; ten++) {
        total = (total + 9) / 10;
    }
    *milli_out = (int64_t)total;
    return total <= milli_max;
}

// "nvidia.com/mig-2g.20gb": two sevenths of a GPU. Returns 0 for what is no slice.
static int64_t find_sevenths(const char *resource)
{
    static const char prefix[] = "nvidia.com/mig-";
    int64_t sevenths;
    if (!wf_text_begins(resource, prefix)) {
        return 0;
    }
    resource += sizeof prefix - 1;
    const char *part = resource;
    if (wf_text_digits(&part, 7, &sevenths) && wf_text_begins(part, "c.")) {
        resource = part + 2; // "1c.2g.20gb": a part of a slice's compute, which takes the slice
    }
    return wf_text_digits(&resource, 7, &sevenths) && *resource == 'g' ? sevenths : 0;
}

// Adds one resource of a container.
static enum wf_status take_resource(const char *name, const json_t *value, struct amount *amount,
                                    struct wf_error *err)
{
    int64_t sevenths = find_sevenths(name);
    int64_t milli;
    int64_t *into = strcmp(name, "cpu") == 0                     ? &amount->cpu
                    : strcmp(name, "memory") == 0                ? &amount->memory
                    : strcmp(name, "nvidia.com/gpu") == 0        ? &amount->nvidia
                    : strcmp(name, "nvidia.com/gpu.shared") == 0 ? &amount->nvidia
                    : strcmp(name, "amd.com/gpu") == 0           ? &amount->amd
                    : sevenths > 0                               ? &amount->slices
                                                                 : NULL;
    if (!into) {
        return WF_OK;
    }
    if (!wf_pod_quantity(value, &milli)) {
        char quoted[48];
        wf_lines_quote(name, quoted, sizeof quoted);
        return wf_fail(err, WF_INVALID, "the quantity of %s is none", quoted);
    }
    if (sevenths > 0) {
        milli = milli < milli_max / 7 ? milli * sevenths : milli_max;
    }
    *into = plus(*into, milli);
    return WF_OK;
}

// Adds what a container or a pod as a whole asks for: its requests, and its limits for what it
// does not request.
static enum wf_status take_resources(const json_t *resources, struct amount *amount_out,
                                     struct wf_error *err)
{
    const json_t *requests = wf_pod_member(resources, "requests", NULL);
    const json_t *limits = wf_pod_member(resources, "limits", NULL);
    const char *name;
    json_t *value;
    enum wf_status status = WF_OK;
    *amount_out = (struct amount){0};
    json_object_foreach((json_t *)requests, name, value)
    {
        if (status == WF_OK) {
            status = take_resource(name, value, amount_out, err);
        }
    }
    json_object_foreach((json_t *)limits, name, value)
    {
        if (status == WF_OK && !json_object_get(requests, name)) {
            status = take_resource(name, value, amount_out, err);
        }
    }
    return status;
}

// Containers add up; what is prepared one by one before them counts with what stays running of it.
static enum wf_status take_containers(const json_t *spec, struct amount *amount_out,
                                      struct wf_error *err)
{
    struct amount running = {0};
    struct amount most = {0};
    size_t i;
    json_t *container;
    json_array_foreach(wf_pod_member(spec, "initContainers", NULL), i, container)
    {
        struct amount one;
        enum wf_status status =
            take_resources(wf_pod_member(container, "resources", NULL), &one, err);
        if (status != WF_OK) {
            return status;
        }
        most = more_all(most, plus_all(running, one));
        if (strcmp(wf_pod_text(container, "restartPolicy"), "Always") == 0) {
            running = plus_all(running, one);
        }
    }
    json_array_foreach(wf_pod_member(spec, "containers", NULL), i, container)
    {
        struct amount one;
        enum wf_status status =
            take_resources(wf_pod_member(container, "resources", NULL), &one, err);
        if (status != WF_OK) {
            return status;
        }
        running = plus_all(running, one);
    }
    *amount_out = more_all(most, running);
    return WF_OK;
}

static enum wf_status take_amount(const json_t *spec, struct amount *amount_out,
                                  struct wf_error *err)
{
    struct amount pod;
    enum wf_status status = take_containers(spec, amount_out, err);
    if (status == WF_OK) {
        status = take_resources(wf_pod_member(spec, "resources", NULL), &pod, err);
    }
    if (status != WF_OK) {
        return status;
    }
    amount_out->cpu = pod.cpu > 0 ? pod.cpu : amount_out->cpu;
    amount_out->memory = pod.memory > 0 ? pod.memory : amount_out->memory;
    const char *name;
    json_t *value;
    json_object_foreach((json_t *)wf_pod_member(spec, "overhead", NULL), name, value)
    {
        if (status == WF_OK) {
            status = take_resource(name, value, amount_out, err);
        }
    }
    return status;
}

// GPU share in thousandths that an annotation of KAI asks for; 0: none.
static int64_t find_fraction(struct wf_history *history, const json_t *object)
{
    const json_t *annotations = wf_pod_member(object, "metadata", "annotations");
    const char *text = wf_pod_text(annotations, "gpu-fraction");
    int64_t milli;
    if (text[0] && wf_text_decimal(&text, &milli) && *text == '\0' && milli > 0) {
        return milli < WF_GPU_MILLI ? milli : WF_GPU_MILLI;
    }
    if (wf_pod_text(annotations, "gpu-memory")[0]) {
        history->summary.assumed++;
        wf_history_complain(history, history->line,
                            "the pod asks for a part of a GPU's memory: taken as a whole GPU");
        return WF_GPU_MILLI;
    }
    return 0;
}

static enum wf_status set_request(struct wf_history *history, const json_t *object,
                                  const struct amount *amount, struct wf_history_job *job,
                                  struct wf_error *err)
{
    int64_t share = (amount->slices + 6) / 7;
    int64_t gpus = plus(amount->nvidia, amount->amd) / 1000;
    if (gpus == 0 && share == 0) {
        share = find_fraction(history, object);
    }
    gpus += share / WF_GPU_MILLI;
    share %= WF_GPU_MILLI;
    gpus += gpus > 0 && share > 0; // a share beside whole GPUs is rounded up
    int64_t memory_mib = (amount->memory / 1000 + 1048575) / 1048576;
    if (amount->cpu > WF_CPU_MILLI_MAX || memory_mib > WF_MEMORY_MIB_MAX || gpus > UINT8_MAX) {
        return wf_fail(err, WF_INVALID,
                       "%lld milli-CPU, %lld MiB and %lld GPUs are past what a task can have",
                       (long long)amount->cpu, (long long)memory_mib, (long long)gpus);
    }
    job->request = (struct wf_request){
        .cpu_milli = (uint32_t)amount->cpu,
        .memory_mib = (uint32_t)memory_mib,
        .gpus = (uint8_t)(gpus > 0 || share == 0 ? gpus : 1),
        .gpu_milli = (uint16_t)(gpus > 0 ? WF_GPU_MILLI : share),
    };
    if (amount->nvidia > 0 || amount->slices > 0) {
        job->vendors |= 1U << WF_VENDOR_NVIDIA;
    }
    if (amount->amd > 0) {
        job->vendors |= 1U << WF_VENDOR_AMD;
    }
    return WF_OK;
}

static void join_text(char *list, size_t size, const char *separator, const char *text)
{
    size_t used = strlen(list);
    if (used + strlen(separator) + strlen(text) < size) {
        snprintf(list + used, size - used, "%s%s", used ? separator : "", text);
    }
}

static bool is_model(const char *key)
{
    return strcmp(key, "nvidia.com/gpu.product") == 0 ||
           strcmp(key, "amd.com/gpu.product-name") == 0 ||
           strcmp(key, "beta.amd.com/gpu.product-name") == 0;
}

// Every node that can run GPU work has these.
static bool says_nothing(const char *key)
{
    return strstr(key, "kubernetes.io/os") || strstr(key, "kubernetes.io/arch") ||
           strcmp(key, "nvidia.com/gpu.present") == 0;
}

// Models that a required affinity to nodes accepts, where it has one list of them.
static void take_affinity(const json_t *spec, char *models)
{
    const json_t *required =
        wf_pod_member(wf_pod_member(spec, "affinity", "nodeAffinity"),
                      "requiredDuringSchedulingIgnoredDuringExecution", "nodeSelectorTerms");
    size_t term_at;
    json_t *term;
    json_array_foreach(required, term_at, term)
    {
        size_t at;
        json_t *expression;
        json_array_foreach(wf_pod_member(term, "matchExpressions", NULL), at, expression)
        {
            size_t value_at;
            json_t *value;
            if (!is_model(wf_pod_text(expression, "key")) ||
                strcmp(wf_pod_text(expression, "operator"), "In") != 0) {
                continue;
            }
            json_array_foreach(wf_pod_member(expression, "values", NULL), value_at, value)
            {
                if (json_is_string(value)) {
                    join_text(models, MODELS_BYTES, "|", json_string_value(value));
                }
            }
        }
    }
}

// Where the pod may run: GPU models, and the other labels that it selects.
static enum wf_status take_selector(struct wf_history *history, const json_t *spec,
                                    struct wf_history_job *job, struct wf_error *err)
{
    char models[MODELS_BYTES] = "";
    char labels[LABELS_BYTES] = "";
    const char *key;
    json_t *value;
    json_object_foreach((json_t *)wf_pod_member(spec, "nodeSelector", NULL), key, value)
    {
        if (!json_is_string(value) || says_nothing(key)) {
            continue;
        }
        if (is_model(key)) {
            join_text(models, sizeof models, "|", json_string_value(value));
        } else {
            char label[LABELS_BYTES];
            snprintf(label, sizeof label, "%s=%s", key, json_string_value(value));
            join_text(labels, sizeof labels, "&", label);
        }
    }
    if (models[0] == '\0') {
        take_affinity(spec, models);
    }
    enum wf_status status = wf_history_name(history, labels, &job->labels, err);
    if (status == WF_OK && job->request.gpus > 0) {
        status = wf_history_name(history, models, &job->models, err);
    }
    return status;
}

enum wf_status wf_pod_request(struct wf_history *history, const json_t *object,
                              struct wf_history_job *job, struct wf_error *err)
{
    const json_t *spec = wf_pod_member(object, "spec", NULL);
    struct amount amount;
    enum wf_status status = take_amount(spec, &amount, err);
    status = status == WF_OK ? set_request(history, object, &amount, job, err) : status;
    return status == WF_OK ? take_selector(history, spec, job, err) : status;
}
