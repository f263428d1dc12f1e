package lifecycle

import "github.com/heliostat-render/heliostat/shared/job"

// Tasks is the life of a task.
var Tasks = Table[job.TaskState]{
	Noun:    "task",
	Initial: []job.TaskState{job.TaskWaiting},
	Transitions: []Transition[job.TaskState]{
		{job.TaskWaiting, job.TaskLeased, "manager/lease", "a worker is offered it"},
		{job.TaskLeased, job.TaskWaiting, "manager/lease", "declined, released, failed, expired or taken back, and no copy goes on"},
		{job.TaskLeased, job.TaskCommitted, "manager/lease", "the first receipt of a worker that holds it is durable"},
		{job.TaskLeased, job.TaskFailed, "manager/lease", "several workers failed the same way"},
		{job.TaskCommitted, job.TaskVerifying, "manager/audit", "a verifier holds the challenge"},
		{job.TaskCommitted, job.TaskWaiting, "manager/audit", "the worker's files are missing or not the committed ones"},
		{job.TaskCommitted, job.TaskFailed, "manager/audit", "the same, for the last time"},
		{job.TaskVerifying, job.TaskCommitted, "manager/audit", "the verifier gave up, or another one is needed"},
		{job.TaskVerifying, job.TaskDone, "manager/audit", "passed"},
		{job.TaskVerifying, job.TaskWaiting, "manager/audit", "rejected"},
		{job.TaskVerifying, job.TaskFailed, "manager/audit", "rejected for the last time"},
		{job.TaskDone, job.TaskCommitted, "manager/audit", "a bad-result claim names one of its frames"},
	},
}
