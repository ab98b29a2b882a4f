export { sessionsRoutes, userSessionsRoutes } from './sessions.routes.ts';
export { endSession, endSessionsOf } from './sessions.repo.ts';
