import { group } from '../../declare/command.ts';
import { createProject } from './create.ts';
import { deleteProject } from './delete.ts';
import { listProjects } from './list.ts';
import { saveKey, useProject } from './save-key.ts';
import { showProject } from './show.ts';

export const projects = group({
  name: 'projects',
  summary: 'List, show, create and delete projects',
  commands: [listProjects, showProject, createProject, deleteProject, useProject, saveKey],
});
