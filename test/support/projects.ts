import {
  Column,
  DeleteDateColumn,
  Entity,
  ManyToOne,
  OneToMany,
  PrimaryColumn,
  Tree,
  TreeChildren,
  TreeParent,
} from 'typeorm';

/** Whose every row is: the slug of the tenant that wrote it. */
abstract class Marked {
  @PrimaryColumn('int')
  id!: number;

  @Column('varchar', { length: 100 })
  marker!: string;
}

@Entity('teams')
export class Team extends Marked {}

@Entity('people')
export class Person extends Marked {
  @ManyToOne(() => Team, { cascade: ['insert'] })
  team?: Team | null;
}

@Entity('projects')
export class Project extends Marked {
  @OneToMany(() => Task, (task) => task.project)
  tasks!: Promise<Task[]>;

  @DeleteDateColumn()
  deletedAt?: Date | null;
}

@Entity('tasks')
export class Task extends Marked {
  @ManyToOne(() => Project, (project) => project.tasks)
  project!: Promise<Project | null>;

  @ManyToOne(() => Person, { cascade: ['insert'] })
  assignee?: Person | null;
}

@Entity('folders')
@Tree('materialized-path')
export class Folder extends Marked {
  @TreeParent()
  parent?: Folder | null;

  @TreeChildren()
  children!: Folder[];
}

export const PROJECT_ENTITIES = [Team, Person, Project, Task, Folder];
