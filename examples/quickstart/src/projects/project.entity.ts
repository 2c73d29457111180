import { Column, Entity, OneToMany, PrimaryGeneratedColumn } from 'typeorm';
import { Task } from './task.entity.js';

@Entity()
export class Project {
  @PrimaryGeneratedColumn()
  id!: number;

  @Column({ length: 100 })
  name!: string;

  /** Kept with the project, so that a list of projects reads no tasks. */
  @Column({ default: 0 })
  taskCount!: number;

  @OneToMany(() => Task, (task) => task.project)
  tasks!: Task[];
}
