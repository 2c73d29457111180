import { ArrayNotEmpty, IsString, Length } from 'class-validator';

export class AddTasksDto {
  @ArrayNotEmpty()
  @IsString({ each: true })
  @Length(1, 200, { each: true })
  titles!: string[];
}
