/** What the configuration has to know of the mappings. It is passed in, so that this package knows no mapping. */
export type MappingCatalogue = Readonly<
  Record<
    string,
    {
      /** All target columns. */ columns: readonly string[] /** Those that cannot be left out. */;
      keyColumns: readonly string[];
    }
  >
>;
