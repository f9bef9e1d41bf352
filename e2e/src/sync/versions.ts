import type { Queryable } from '@hexclave/db';

/**
 * Makes a target note every change of `users`, whose names are `v<number>`: the number must never fall for a row that
 * stays, whoever writes.
 */
export async function watchVersions(db: Queryable): Promise<void> {
  await db.query('CREATE TABLE public.regressions (id uuid, old text, new text)');
  await db.query(`CREATE FUNCTION note_regression() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
      IF substr(NEW.display_name, 2)::int < substr(OLD.display_name, 2)::int THEN
        INSERT INTO public.regressions VALUES (NEW.id, OLD.display_name, NEW.display_name);
      END IF;
      RETURN NULL;
    END $$`);
  await db.query(
    'CREATE TRIGGER note_regression AFTER UPDATE ON hexclave.users FOR EACH ROW EXECUTE FUNCTION note_regression()',
  );
}

export function regressions(db: Queryable): Promise<{ id: string; old: string; new: string }[]> {
  return db.query('SELECT * FROM public.regressions');
}
