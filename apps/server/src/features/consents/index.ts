export { consentsRoutes, userConsentsRoutes } from './consents.routes.ts';
export { listConsents } from './consents.repo.ts';
export { withdrawConsent } from './decide-consent.ts';
export { describeConsent } from './evidence.ts';
