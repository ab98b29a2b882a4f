-- A copy puts tables back in the order of their references, which therefore go in no circle (docs/adr/0055). Versions refer to their
-- policy; what a policy says is in force is a version that publishing has just made or found, and versions leave with their policy alone.

set local search_path = gatehouse, pg_catalog;

alter table policies
  drop constraint policies_tenant_id_id_in_force_fkey,
  drop constraint policies_tenant_id_id_shadow_fkey;
