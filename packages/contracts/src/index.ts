export * from './errors.ts';
export * from './permissions.ts';
export * from './roles.ts';
export * from './messages/shapes.ts';
export * from './messages/auth.ts';
export * from './messages/directory.ts';
export * from './messages/audit.ts';
export * from './messages/actions.ts';
