import type { Role } from '@mystocks/contracts';
import { Column, Entity, PrimaryGeneratedColumn } from 'typeorm';

@Entity({ schema: 'auth', name: 'users' })
export class UserEntity {
  @PrimaryGeneratedColumn('uuid') readonly id!: string;
  @Column('text') readonly username!: string;
  @Column('text', { name: 'username_key', unique: true }) readonly usernameKey!: string;
  @Column('text', { name: 'password_hash' }) readonly passwordHash!: string;
  @Column('text', { array: true }) readonly roles!: Role[];
  @Column('timestamptz', { name: 'created_at' }) readonly createdAt!: Date;
}
