-- Profiles of deletions, of large batches and of first copies: new names of statements. Which ones there are is said by the
-- code alone; rows that older code has written, and those that it will write, stay as they are.
-- compatibility: safe

ALTER TABLE "QueryProfile" DROP CONSTRAINT "QueryProfile_statement_check";
