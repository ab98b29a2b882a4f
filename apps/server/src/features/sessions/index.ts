export { sessionsRoutes, userSessionsRoutes } from './sessions.routes.ts';
export { endAllSessions, endSession, endSessionsOf } from './sessions.repo.ts';
