export { createLimits, installLimits, type LimitGroup, limitHeaders, type Limits } from './limits.ts';
