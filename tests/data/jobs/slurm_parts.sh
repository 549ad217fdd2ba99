#!/bin/bash
#SBATCH --gpus=1
#SBATCH hetjob
#SBATCH --ntasks=4
srun a : b
