export {
  type AuditRow,
  hasSubjectKey,
  listRecords,
  listRecordsAbout,
  type Place,
} from './audit.repo.ts';
export { auditRoutes } from './audit.routes.ts';
export { createDenials, type Denials } from './denials.ts';
export { createDecisionLog, type DecisionLog } from './decision-log.ts';
export { exportForOperator } from './export/export-for-operator.ts';
export { auditExportRoutes } from './export/export.routes.ts';
export type { ExportFormat } from './export/formats.ts';
export { personal } from './personal.ts';
export { recordOfRestore } from './record-restore.ts';
export { actorOf, type Audit, type AuditEntry, createAudit, subjectOfTheDay } from './record.ts';
export { AUDIT_KEYS, type AuditKeys, loadAuditKeys, rotateAuditKey } from './seal/audit-keys.ts';
export { auditKeysRoute, auditSealRoutes, publicAuditKeys } from './seal/seal.routes.ts';
export { createSealing, type Sealing } from './seal/sealing.ts';
export { openPersonal, readKeysAhead, reveal } from './search.ts';
export { type Applied, applyRetention, type RetentionDeps } from './retention/apply-retention.ts';
export { retentionForOperator } from './retention/change-retention.ts';
export { auditRetentionRoutes } from './retention/retention.routes.ts';
export { createSubjectKeys, SUBJECT_KEYS, type SubjectKeys } from './subject-keys.ts';
export { sayFinding } from './verify/finding.ts';
export { readPublicKeys } from './verify/public-keys.ts';
export { readExport } from './verify/read-lines.ts';
export { verifyExport } from './verify/verify-export.ts';
