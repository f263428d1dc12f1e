package audit

// named is how a line of the log names what an audit is about, see manager/LOG.md.
func (s *subject) named() []any {
	return []any{"job", s.audit.Job, "task", s.audit.Task, "attempt", s.audit.Attempt, "audit", s.audit.ID}
}
