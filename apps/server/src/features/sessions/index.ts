export { sessionsRoutes, userSessionsRoutes } from './sessions.routes.ts';
export { endAllSessions, endSession, endSessionOf, endSessionsOf } from './sessions.repo.ts';
