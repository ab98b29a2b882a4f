export { authzenRoutes } from './authzen.routes.ts';
export { bundleRoutes } from './bundle.routes.ts';
export { decisionLogRoutes } from './decision-log.routes.ts';
export { createSubjectContexts, type SubjectContexts } from './subject-contexts.ts';
export { createDeciders, type Deciders } from './tenant-decisions.ts';
