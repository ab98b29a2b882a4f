export { sessionsRoutes, userSessionsRoutes } from './sessions.routes.ts';
export {
  endAllSessions,
  endGuestSessions,
  endSession,
  endSessionOf,
  endSessionsOf,
  endSessionsWithout,
  endSessionsWithoutConnection,
  holdPlacesOf,
  isProvedByConnectionAlone,
  isSessionLive,
  loadConnectionOf,
  lockGuestSessions,
  openSessions,
} from './sessions.repo.ts';
export {
  countRememberedDevices,
  forgetDevices,
  insertRememberedDevice,
  isRemembered,
} from './remembered-devices.repo.ts';
