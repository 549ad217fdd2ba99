-- SPDX-License-Identifier: GPL-2.0-or-later
-- Holds the jobs of the partitions that WhaleFlux decides about, so that Slurm starts none before
-- WhaleFlux has chosen where; slurmctld runs it (JobSubmitPlugins=lua, this file beside slurm.conf).
--
-- It holds only while WhaleFlux lives: the adapter writes a heartbeat, one line of
--     SECONDS-SINCE-1970 UID PARTITION[,PARTITION...]
-- with its own user and the partitions it decides about ("*": all). With no heartbeat, or an old one, every job goes
-- to plain Slurm as if this file were not there. whaleflux.conf beside this file may say where the
-- heartbeat is and how many seconds of silence are too many:
--     heartbeat /run/whaleflux/slurm.heartbeat
--     silence 60
--
-- A job that is held here has the admin comment "whaleflux:held"; one that its user submitted with --hold
-- has "whaleflux:user-held" and stays the user's to release. Whatever fails in here lets the job pass.

local HELD = "whaleflux:held"
local USER_HELD = "whaleflux:user-held"
local GRACE_SECONDS = 30 -- how long a job that its user lets go waits for WhaleFlux to take it

local function folder()
    return debug.getinfo(1, "S").source:match("^@(.*/)") or "/etc/slurm/"
end

local function settings()
    local found = { heartbeat = "/run/whaleflux/slurm.heartbeat", silence = 60 }
    local file = io.open(folder() .. "whaleflux.conf")
    if file then
        for line in file:lines() do
            local name, value = line:match("^%s*(%a+)%s+(%S+)%s*$")
            if name == "heartbeat" then
                found.heartbeat = value
            elseif name == "silence" then
                found.silence = tonumber(value) or found.silence
            end
        end
        file:close()
    end
    return found
end

-- Who decides, and a set of the partitions; nil when nobody does.
local function decider()
    local set = settings()
    local file = io.open(set.heartbeat)
    if not file then
        return nil
    end
    local line = file:read() or ""
    file:close()
    local seconds, uid, names = line:match("^(%d+) (%d+) (%S+)$")
    if not seconds or math.abs(os.time() - tonumber(seconds)) > set.silence then
        return nil
    end
    local partitions = {}
    for name in names:gmatch("[^,]+") do
        partitions[name] = true
    end
    return tonumber(uid), partitions
end

-- A job may name several partitions: one of ours is enough, since Slurm could start it there.
local function is_ours(names, partitions)
    if partitions["*"] then
        return true
    end
    for name in (names or ""):gmatch("[^,]+") do
        if partitions[name] then
            return true
        end
    end
    return false
end

local function default_partition(part_list)
    for name, partition in pairs(part_list) do
        if partition.flag_default == 1 then
            return name
        end
    end
    return nil
end

local function is_given(number)
    return number ~= nil and number ~= slurm.NO_VAL
end

local function submit(job, part_list)
    local _, partitions = decider()
    if not partitions or not is_ours(job.partition or default_partition(part_list), partitions) then
        return slurm.SUCCESS
    end
    if job.priority == 0 then
        job.admin_comment = USER_HELD
    else
        job.priority = 0
        job.admin_comment = HELD
    end
    return slurm.SUCCESS
end

local function modify(change, job, uid)
    local adapter, partitions = decider()
    if not adapter or uid == 0 or uid == adapter then
        return slurm.SUCCESS
    end
    local ours = is_ours(job.partition, partitions)
    local becomes_ours = is_ours(change.partition or job.partition, partitions)
    local mark = job.admin_comment or ""
    local held_by_us = ours and job.priority == 0 and mark:match("^whaleflux:") and mark ~= USER_HELD
    if held_by_us and is_given(change.priority) then
        slurm.log_user("WhaleFlux decides when and where job %d starts: Slurm cannot hold or release it " ..
            "(whaleflux hold and whaleflux release do)", job.job_id)
        return slurm.ESLURM_ACCESS_DENIED or slurm.ERROR
    end
    -- What its user lets go, or moves here, must not start before WhaleFlux has seen it.
    local let_go = ours and job.priority == 0 and is_given(change.priority) and change.priority ~= 0
    if becomes_ours and (let_go or not ours) and not held_by_us then
        local earliest = os.time() + GRACE_SECONDS
        if not is_given(change.begin_time) or change.begin_time < earliest then
            change.begin_time = earliest
        end
    end
    return slurm.SUCCESS
end

local function carefully(what, ...)
    local worked, result = pcall(what, ...)
    if worked then
        return result
    end
    slurm.log_error("whaleflux: %s", tostring(result))
    return slurm.SUCCESS
end

function slurm_job_submit(job_desc, part_list, submit_uid)
    return carefully(submit, job_desc, part_list)
end

function slurm_job_modify(job_desc, job_rec, part_list, modify_uid)
    return carefully(modify, job_desc, job_rec, modify_uid)
end

return slurm.SUCCESS
