export { endSession, endSessionsOf } from './sessions.repo.ts';
