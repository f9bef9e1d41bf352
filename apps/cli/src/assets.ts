/** What the program has beside its code: it lies elsewhere in a checkout than in what is published. */
export type Assets = {
  /** The .sql files of the migrations. Default: in their package. */
  readonly migrationsDirectory?: string;
  /** The folder of the dashboard's pages, which are built first where they have to be. */
  readonly dashboardFiles?: (say: (line: string) => void) => Promise<string>;
};
