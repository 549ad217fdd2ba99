// SPDX-License-Identifier: Apache-2.0
#include "core/place/ranking.h"

#include <string.h>

#include "base/assert.h"
#include "base/hash.h"

// A seat is a node's place in the kept score arrays. Seats are given out in halls of 1,024 that
// belong to one pool each, so that the best of a hall is the best of (a part of) a pool; a hall has
// 32 rows of 32 seats.
enum {
    ROW_SEATS = 32,
    HALL_ROWS = 32,
    HALL_SEATS = HALL_ROWS * ROW_SEATS,
};
#define SCORE_NONE INT32_MIN // the node does not fit, or the seat is empty

struct best {
    int32_t score;
    uint32_t seat;
};

struct ranked {
    struct wf_request request; // of any model in any place
    uint64_t seen;             // how much of the log its scores know
    uint64_t forecast;         // the forecast its scores were made with
    uint32_t next_in_bucket;
    uint32_t newer, older; // the order in which classes were last asked
};

struct wf_ranking {
    const struct wf_cluster *cluster;
    const struct wf_outlook *outlook;
    const struct wf_policy *policy;

    uint32_t halls_max, halls;
    uint32_t *hall_pool; // pool of each hall
    uint32_t *hall_rows; // rows of each hall that were ever sat in; the rest is not looked at
    uint32_t *seat_node; // node in each seat, or WF_NONE
    uint32_t *node_seat;
    uint32_t *free_seat; // per pool: first of its empty seats, or WF_NONE
    uint32_t *next_free; // per seat: the next empty one of its pool

    uint64_t *changed; // per seat: its last place in the log
    uint32_t *log;     // ring of the seats that changed
    uint32_t log_mask;
    uint64_t log_end;
    uint64_t forecast;

    struct ranked *classes;
    uint32_t class_count;
    uint32_t *buckets;
    uint32_t bucket_mask;
    uint32_t newest, oldest;
    int32_t *scores;         // [class][seat]
    struct best *rows;       // [class][row]
    struct best *halls_best; // [class][hall]
};

static uint32_t power_of_two_at_least(uint32_t value)
{
    uint32_t power = 1;
    while (power < value) {
        power *= 2;
    }
    return power;
}

static bool allocate(struct wf_ranking *ranking, struct wf_region *region)
{
    const struct wf_limits *limits = &ranking->cluster->limits;
    size_t halls = ranking->halls_max;
    size_t classes = limits->classes;
    ranking->hall_pool = wf_region_take(region, halls, sizeof *ranking->hall_pool);
    ranking->hall_rows = wf_region_take(region, halls, sizeof *ranking->hall_rows);
    ranking->seat_node = wf_region_take(region, halls * HALL_SEATS, sizeof *ranking->seat_node);
    ranking->next_free = wf_region_take(region, halls * HALL_SEATS, sizeof *ranking->next_free);
    ranking->node_seat = wf_region_take(region, limits->nodes, sizeof *ranking->node_seat);
    ranking->free_seat = wf_region_take(region, limits->pools, sizeof *ranking->free_seat);
    ranking->changed = wf_region_take(region, halls * HALL_SEATS, sizeof *ranking->changed);
    ranking->log = wf_region_take(region, (size_t)ranking->log_mask + 1, sizeof *ranking->log);
    ranking->classes = wf_region_take(region, classes, sizeof *ranking->classes);
    ranking->buckets =
        wf_region_take(region, (size_t)ranking->bucket_mask + 1, sizeof *ranking->buckets);
    ranking->scores = wf_region_take(region, classes * halls * HALL_SEATS, sizeof *ranking->scores);
    ranking->rows = wf_region_take(region, classes * halls * HALL_ROWS, sizeof *ranking->rows);
    ranking->halls_best = wf_region_take(region, classes * halls, sizeof *ranking->halls_best);
    return wf_region_is_whole(region);
}

enum wf_status wf_ranking_create(struct wf_region *region, const struct wf_cluster *cluster,
                                 const struct wf_outlook *outlook, const struct wf_policy *policy,
                                 struct wf_ranking **ranking_out, struct wf_error *err)
{
    const struct wf_limits *limits = &cluster->limits;
    struct wf_ranking *ranking = wf_region_take(region, 1, sizeof *ranking);
    if (!ranking) {
        return wf_fail(err, WF_NOMEM, "no memory for the node ranking");
    }
    *ranking = (struct wf_ranking){
        .cluster = cluster,
        .outlook = outlook,
        .policy = policy,
        .halls_max = limits->nodes / HALL_SEATS + limits->pools,
        .log_mask = power_of_two_at_least(limits->nodes) - 1,
        .bucket_mask = power_of_two_at_least(limits->classes * 2) - 1,
        .newest = WF_NONE,
        .oldest = WF_NONE,
    };
    if (!allocate(ranking, region)) {
        return wf_fail(err, WF_NOMEM,
                       "no memory to keep the scores of %u request classes on %u "
                       "nodes",
                       limits->classes, limits->nodes);
    }
    for (uint32_t i = 0; i < limits->pools; i++) {
        ranking->free_seat[i] = WF_NONE;
    }
    for (uint32_t i = 0; i <= ranking->bucket_mask; i++) {
        ranking->buckets[i] = WF_NONE;
    }
    *ranking_out = ranking;
    return WF_OK;
}

void wf_ranking_adopt(struct wf_ranking *ranking, const struct wf_policy *policy)
{
    ranking->policy = policy;
}

// Class, row and hall are all "the best of some scores": the higher score, then the lower node.
static bool beats(const struct wf_ranking *ranking, struct best a, struct best b)
{
    if (a.score != b.score) {
        return a.score > b.score;
    }
    return a.score != SCORE_NONE && ranking->seat_node[a.seat] < ranking->seat_node[b.seat];
}

static struct best best_of_hall(const struct wf_ranking *ranking, const struct best *rows,
                                uint32_t hall)
{
    struct best best = {.score = SCORE_NONE, .seat = hall * HALL_SEATS};
    uint32_t first = hall * HALL_ROWS;
    for (uint32_t row = first; row < first + ranking->hall_rows[hall]; row++) {
        if (rows[row].score >= best.score && beats(ranking, rows[row], best)) {
            best = rows[row];
        }
    }
    return best;
}

static struct best best_of_row(const struct wf_ranking *ranking, const int32_t *scores,
                               uint32_t row)
{
    const int32_t *seats = scores + (size_t)row * ROW_SEATS;
    struct best best = {.score = SCORE_NONE, .seat = row * ROW_SEATS};
    // In two passes, since the first has no branch and most rows no tie.
    int32_t highest = SCORE_NONE;
    for (uint32_t i = 0; i < ROW_SEATS; i++) {
        highest = seats[i] > highest ? seats[i] : highest;
    }
    for (uint32_t i = 0; highest != SCORE_NONE && i < ROW_SEATS; i++) {
        struct best seat = {.score = highest, .seat = row * ROW_SEATS + i};
        if (seats[i] == highest && beats(ranking, seat, best)) {
            best = seat;
        }
    }
    return best;
}

static void open_hall(struct wf_ranking *ranking, uint32_t pool)
{
    uint32_t hall = ranking->halls++;
    ranking->hall_pool[hall] = pool;
    ranking->hall_rows[hall] = 0;
    for (uint32_t i = 0; i < HALL_SEATS; i++) {
        uint32_t seat = hall * HALL_SEATS + i;
        ranking->seat_node[seat] = WF_NONE;
        ranking->next_free[seat] = i + 1 < HALL_SEATS ? seat + 1 : WF_NONE;
    }
    ranking->free_seat[pool] = hall * HALL_SEATS;
}

static void take_seat(struct wf_ranking *ranking, uint32_t node)
{
    uint32_t pool = ranking->cluster->nodes[node].pool.index;
    if (ranking->free_seat[pool] == WF_NONE) {
        open_hall(ranking, pool);
    }
    uint32_t seat = ranking->free_seat[pool];
    ranking->free_seat[pool] = ranking->next_free[seat];
    ranking->seat_node[seat] = node;
    ranking->node_seat[node] = seat;
    uint32_t rows = seat % HALL_SEATS / ROW_SEATS + 1;
    if (rows > ranking->hall_rows[seat / HALL_SEATS]) {
        ranking->hall_rows[seat / HALL_SEATS] = rows;
        // No class has scores for the new row yet: all start afresh.
        wf_ranking_forget(ranking);
    }
}

// Seats everybody anew. Nodes / 1,024 full halls and one more per pool is then the most there can
// be, whatever came and went before.
static void seat_all(struct wf_ranking *ranking)
{
    const struct wf_cluster *cluster = ranking->cluster;
    ranking->halls = 0;
    for (uint32_t i = 0; i < cluster->limits.pools; i++) {
        ranking->free_seat[i] = WF_NONE;
    }
    for (uint32_t node = 0; node < cluster->nodes_end; node++) {
        if (cluster->nodes[node].up) {
            take_seat(ranking, node);
        }
    }
    wf_ranking_forget(ranking);
}

static void log_seat(struct wf_ranking *ranking, uint32_t seat)
{
    ranking->log[ranking->log_end & ranking->log_mask] = seat;
    ranking->changed[seat] = ranking->log_end++;
}

void wf_ranking_add_node(struct wf_ranking *ranking, uint32_t node)
{
    uint32_t pool = ranking->cluster->nodes[node].pool.index;
    if (ranking->free_seat[pool] == WF_NONE && ranking->halls == ranking->halls_max) {
        seat_all(ranking);
    } else {
        take_seat(ranking, node);
    }
    log_seat(ranking, ranking->node_seat[node]);
}

void wf_ranking_remove_node(struct wf_ranking *ranking, uint32_t node)
{
    uint32_t seat = ranking->node_seat[node];
    uint32_t pool = ranking->hall_pool[seat / HALL_SEATS];
    ranking->seat_node[seat] = WF_NONE;
    ranking->next_free[seat] = ranking->free_seat[pool];
    ranking->free_seat[pool] = seat;
    log_seat(ranking, seat);
}

void wf_ranking_touch(struct wf_ranking *ranking, uint32_t node)
{
    log_seat(ranking, ranking->node_seat[node]);
}

void wf_ranking_forget(struct wf_ranking *ranking)
{
    ranking->forecast++;
}

static int32_t score_node(const struct wf_ranking *ranking, const struct wf_pool *pool,
                          const struct wf_request *served, uint32_t node)
{
    const struct wf_state *state = &ranking->cluster->states[node];
    if (!wf_node_fits(&ranking->cluster->nodes[node], state, served)) {
        return SCORE_NONE;
    }
    uint32_t gpu;
    int32_t score = ranking->policy->score(ranking->outlook, pool, state, served, &gpu);
    WF_ASSERT(score != SCORE_NONE);
    return score;
}

// Whether the second only seems to be beaten: of equal scores the lower node's is the better, and
// in the second's seat there may sit another since it was found best. Then a third may be best of
// all.
static bool is_doubtful(const struct wf_ranking *ranking, const struct ranked *class, struct best a,
                        struct best b)
{
    return a.score == b.score && ranking->changed[b.seat] >= class->seen;
}

static void update_seat(struct wf_ranking *ranking, uint32_t class_index, uint32_t seat)
{
    size_t base = (size_t)class_index * ranking->halls_max;
    int32_t *scores = ranking->scores + base * HALL_SEATS;
    struct best *rows = ranking->rows + base * HALL_ROWS;
    uint32_t hall = seat / HALL_SEATS;
    uint32_t row = seat / ROW_SEATS;
    const struct wf_pool *pool = &ranking->cluster->pools[ranking->hall_pool[hall]];
    const struct ranked *class = &ranking->classes[class_index];
    struct wf_request served = wf_pool_request(pool, &class->request);
    uint32_t node = ranking->seat_node[seat];
    struct best now = {
        .score = node == WF_NONE ? SCORE_NONE : score_node(ranking, pool, &served, node),
        .seat = seat,
    };
    scores[seat] = now.score;
    struct best before = rows[row];
    if (before.seat == seat || is_doubtful(ranking, class, now, before)) {
        rows[row] = best_of_row(ranking, scores, row);
    } else if (beats(ranking, now, before)) {
        rows[row] = now;
    } else {
        return;
    }
    struct best *best = &ranking->halls_best[base + hall];
    if (best->seat / ROW_SEATS == row || is_doubtful(ranking, class, rows[row], *best)) {
        *best = best_of_hall(ranking, rows, hall);
    } else if (beats(ranking, rows[row], *best)) {
        *best = rows[row];
    }
}

static void score_hall(struct wf_ranking *ranking, uint32_t class_index, uint32_t hall)
{
    size_t base = (size_t)class_index * ranking->halls_max;
    int32_t *scores = ranking->scores + base * HALL_SEATS;
    struct best *rows = ranking->rows + base * HALL_ROWS;
    struct best *best = &ranking->halls_best[base + hall];
    const struct wf_pool *pool = &ranking->cluster->pools[ranking->hall_pool[hall]];
    const struct wf_request *request = &ranking->classes[class_index].request;
    struct wf_request served = wf_pool_request(pool, request);
    uint32_t last = WF_NONE;
    int32_t last_score = SCORE_NONE;
    uint32_t first_row = hall * HALL_ROWS;
    uint32_t end_row = first_row + ranking->hall_rows[hall];
    for (uint32_t seat = first_row * ROW_SEATS; seat < end_row * ROW_SEATS; seat++) {
        uint32_t node = ranking->seat_node[seat];
        if (node == WF_NONE) {
            scores[seat] = SCORE_NONE;
            continue;
        }
        // A node in the state of the one before it need not be scored again.
        const struct wf_state *states = ranking->cluster->states;
        const struct wf_node *nodes = ranking->cluster->nodes;
        if (last == WF_NONE || memcmp(&states[node], &states[last], sizeof *states) != 0 ||
            nodes[node].closed != nodes[last].closed ||
            nodes[node].spec.labels != nodes[last].spec.labels) {
            last_score = score_node(ranking, pool, &served, node);
        }
        scores[seat] = last_score;
        last = node;
    }
    for (uint32_t row = first_row; row < end_row; row++) {
        rows[row] = best_of_row(ranking, scores, row);
    }
    *best = best_of_hall(ranking, rows, hall);
}

static void catch_up(struct wf_ranking *ranking, uint32_t class_index)
{
    struct ranked *class = &ranking->classes[class_index];
    if (class->forecast != ranking->forecast ||
        ranking->log_end - class->seen > ranking->log_mask) {
        for (uint32_t hall = 0; hall < ranking->halls; hall++) {
            score_hall(ranking, class_index, hall);
        }
        class->forecast = ranking->forecast;
    } else {
        for (uint64_t at = class->seen; at < ranking->log_end; at++) {
            uint32_t seat = ranking->log[at & ranking->log_mask];
            if (ranking->changed[seat] == at) {
                update_seat(ranking, class_index, seat);
            }
        }
    }
    class->seen = ranking->log_end;
}

// Models and place only decide in which pools a request may run at all: requests that differ in
// nothing else share their scores.
static struct wf_request class_of(const struct wf_request *request)
{
    struct wf_request class = *request;
    class.models = WF_ANY_MODEL;
    class.place = (struct wf_place){WF_ANYWHERE, WF_ANYWHERE, WF_ANYWHERE};
    return class;
}

static uint64_t request_hash(const struct wf_request *request)
{
    uint64_t hash = wf_hash_add(0, (uint64_t)request->cpu_milli << 32 | request->memory_mib);
    hash = wf_hash_add(hash, (uint64_t)request->gpus << 16 | request->gpu_milli);
    return wf_hash_add(hash, request->labels);
}

static bool request_equal(const struct wf_request *a, const struct wf_request *b)
{
    return a->cpu_milli == b->cpu_milli && a->memory_mib == b->memory_mib && a->gpus == b->gpus &&
           a->gpu_milli == b->gpu_milli && a->labels == b->labels;
}

static void leave_order(struct wf_ranking *ranking, const struct ranked *class)
{
    *(class->newer == WF_NONE ? &ranking->newest : &ranking->classes[class->newer].older) =
        class->older;
    *(class->older == WF_NONE ? &ranking->oldest : &ranking->classes[class->older].newer) =
        class->newer;
}

static void become_newest(struct wf_ranking *ranking, uint32_t class_index)
{
    struct ranked *class = &ranking->classes[class_index];
    class->newer = WF_NONE;
    class->older = ranking->newest;
    *(ranking->newest == WF_NONE ? &ranking->oldest : &ranking->classes[ranking->newest].newer) =
        class_index;
    ranking->newest = class_index;
}

// Takes a free class, or the one that was longest not asked for.
static uint32_t recycle_class(struct wf_ranking *ranking)
{
    if (ranking->class_count < ranking->cluster->limits.classes) {
        return ranking->class_count++;
    }
    uint32_t oldest = ranking->oldest;
    struct ranked *class = &ranking->classes[oldest];
    uint32_t *link = &ranking->buckets[request_hash(&class->request) & ranking->bucket_mask];
    while (*link != oldest) {
        link = &ranking->classes[*link].next_in_bucket;
    }
    *link = class->next_in_bucket;
    leave_order(ranking, class);
    return oldest;
}

static uint32_t find_class(struct wf_ranking *ranking, const struct wf_request *request)
{
    uint32_t *bucket = &ranking->buckets[request_hash(request) & ranking->bucket_mask];
    for (uint32_t i = *bucket; i != WF_NONE; i = ranking->classes[i].next_in_bucket) {
        if (request_equal(&ranking->classes[i].request, request)) {
            leave_order(ranking, &ranking->classes[i]);
            become_newest(ranking, i);
            return i;
        }
    }
    uint32_t class_index = recycle_class(ranking);
    ranking->classes[class_index] = (struct ranked){
        .request = class_of(request),
        .forecast = UINT64_MAX, // none: its scores are made when it is asked
        .next_in_bucket = *bucket,
    };
    *bucket = class_index;
    become_newest(ranking, class_index);
    return class_index;
}

struct wf_choice wf_ranking_choose(struct wf_ranking *ranking, const struct wf_request *request)
{
    const struct wf_policy *policy = ranking->policy;
    uint32_t class_index = find_class(ranking, request);
    catch_up(ranking, class_index);
    const struct best *bests = ranking->halls_best + (size_t)class_index * ranking->halls_max;
    struct wf_choice choice = {.node = WF_NONE, .score = INT64_MIN};
    int64_t base = wf_policy_request_base(policy, ranking->outlook, request);
    uint32_t scored_pool = WF_NONE;
    int64_t pool_score = 0;
    for (uint32_t hall = 0; hall < ranking->halls; hall++) {
        uint32_t pool = ranking->hall_pool[hall];
        const struct wf_pool *in = &ranking->cluster->pools[pool];
        if (bests[hall].score == SCORE_NONE || !wf_pool_admits(in, request)) {
            continue;
        }
        if (policy->pool_score && pool != scored_pool) {
            struct wf_request served = wf_pool_request(in, request);
            pool_score = policy->pool_score(ranking->outlook, in, &served, base);
            scored_pool = pool;
        }
        int64_t score = bests[hall].score + pool_score;
        uint32_t node = ranking->seat_node[bests[hall].seat];
        if (score > choice.score || (score == choice.score && node < choice.node)) {
            choice = (struct wf_choice){.node = node, .score = score};
        }
    }
    return choice;
}
