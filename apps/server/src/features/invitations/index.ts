export { acceptByPasskeyRoutes } from './accept-by-passkey.routes.ts';
export { invitationImportRoutes } from './import.routes.ts';
export { invitationLinksRoutes } from './invitation-links.routes.ts';
export { makeInvitedUser } from './make-invited-user.ts';
export { enterByLink, otherAddress, readInvitation } from './open-invitation.ts';
export { invitationsRoutes } from './invitations.routes.ts';
