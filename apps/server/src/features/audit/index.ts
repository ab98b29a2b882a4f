export { auditRoutes } from './audit.routes.ts';
export { createDecisionLog, type DecisionLog } from './decision-log.ts';
export { personal } from './personal.ts';
export { actorOf, type Audit, type AuditEntry, createAudit, subjectOfTheDay } from './record.ts';
export { createSubjectKeys, type SubjectKeys } from './subject-keys.ts';
