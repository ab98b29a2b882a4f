export { sessionsRoutes, userSessionsRoutes } from './sessions.routes.ts';
export {
  endAllSessions,
  endGuestSessions,
  endSession,
  endSessionOf,
  endSessionsOf,
  holdPlacesOf,
  lockGuestSessions,
} from './sessions.repo.ts';
