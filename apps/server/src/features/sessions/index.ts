export { sessionsRoutes, userSessionsRoutes } from './sessions.routes.ts';
export {
  endAllSessions,
  endGuestSessions,
  endSession,
  endSessionOf,
  endSessionsOf,
  lockGuestSessions,
} from './sessions.repo.ts';
