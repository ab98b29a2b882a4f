export { createCounters } from './counter.ts';
export { createLimits, installLimits, type LimitGroup, limitHeaders, type Limits } from './limits.ts';
export { mailCounters } from './mail-counters.ts';
export { createMailLimits, type MailLimits } from './mail-limits.ts';
export { createTenantRate, type TenantRate } from './tenant-rate.ts';
